// What never changes a result: threads, batch size, the name of the method.

#include <gtest/gtest.h>
#include <numeric>

#include "attacks/evaluate.h"
#include "data/dataset.h"
#include "engine/backend.h"
#include "engine/threads.h"
#include "tests/support/workbench.h"
#include "training/recipe.h"
#include "training/sgd.h"
#include "training/weights.h"

namespace robmask {
namespace {

Split synthetic_images(Index count) {
  DataOptions options;
  options.test = false;
  options.limit_train = count;
  return load_dataset("synthetic", options).train;
}

TrainSettings small_settings(Method method) {
  TrainSettings s;
  s.method = method;
  s.attack.steps = 2;
  s.aux_eps = {Strength{}};
  s.bn_stats = BnStats::split;
  return s;
}

ModelSpec spec_of(const TrainSettings& s) {
  const MaskCounts counts = mask_counts(s);
  return {.name = "resnet18", .width = 4, .masks = counts.masks, .pairs = counts.pairs};
}

/// All tensors of a model after three iterations of batches of 8.
SafeTensors train(const TrainSettings& s) {
  Backend& machine = backend("cpu");
  const Model model(machine, DType::f32, spec_of(s), 0);
  const Images images(machine, synthetic_images(24));
  const auto recipe = make_recipe(s, model);
  Sgd sgd(model.parameters(), s.momentum, s.weight_decay);
  sgd.set_rate(s.lr);
  Totals totals(machine);
  for (Index step = 0; step < 3; ++step) {
    std::vector<std::int32_t> ids(8);
    std::iota(ids.begin(), ids.end(), static_cast<std::int32_t>(8 * step));
    const Images::Augmentation augmentation{0, 0, step};
    const Batch batch = images.batch(DType::f32, ids, &augmentation);
    recipe->prepare(step, ids);
    recipe->step(batch, totals);
    sgd.step();
  }
  return to_file(model);
}

TEST(Invariance, RobMaskWithSplitStatisticsAtStrengthOneIsAdvProp) {
  TrainSettings robmask = small_settings(Method::robmask);
  robmask.strength = {StrengthChoice::Kind::fixed, 1};
  const SafeTensors a = train(robmask), b = train(small_settings(Method::advprop));
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (std::size_t i = 0; i < a.tensors.size(); ++i)
    EXPECT_EQ(a.tensors[i], b.tensors[i]) << a.tensors[i].name;
}

TEST(Invariance, AnotherStrengthIsNotAdvProp) {
  TrainSettings robmask = small_settings(Method::robmask);
  robmask.strength = {StrengthChoice::Kind::fixed, 0.5};
  EXPECT_NE(train(robmask).tensors, train(small_settings(Method::advprop)).tensors);
}

TEST(Invariance, TrainingGivesTheSameBitsWithOneThreadAndWithMany) {
  const int threads = thread_count();
  for (const Method method : {Method::standard, Method::trades, Method::robmask}) {
    set_thread_count(1);
    const SafeTensors one = train(small_settings(method));
    set_thread_count(3);
    const SafeTensors three = train(small_settings(method));
    EXPECT_EQ(one.tensors, three.tensors) << to_string(method);
  }
  set_thread_count(threads);
}

class AnyModel : public testing::TestWithParam<std::string> {};

TEST_P(AnyModel, GivesAnImageTheSameLogitsInBatchesOfOneSevenAnd250) {
  ModelSpec spec{.name = GetParam(), .masks = 2};
  Index side = 8;  // what has one width only is small otherwise
  if (has_width(spec.name)) {
    spec.width = 4;
    side = 32;
  }
  const Model model(backend("cpu"), DType::f32, spec, 0);
  const Tensor images = Workbench(backend("cpu"), DType::f32).input({250, side, side, 3}, 0, 0, 1);
  const auto logits = [&](Index first, Index count) {
    const Variable part(images.images(first, count));
    return model.logits(part, model.eval(count, 0.3)).value();
  };
  const Tensor whole = logits(0, 250);
  for (const auto& [first, count] :
       {std::pair{0, 1}, {100, 1}, {249, 1}, {0, 7}, {120, 7}, {243, 7}})
    EXPECT_EQ(logits(first, count).to_host<float>(), whole.images(first, count).to_host<float>())
        << "images " << first << " … " << first + count - 1;
}

INSTANTIATE_TEST_SUITE_P(Models, AnyModel,
                         testing::Values("resnet18", "preact18", "densenet121", "resnext29",
                                         "wrn-10-1", "dm-wrn-10-1"));

TEST(Invariance, AnAttackFindsTheSameInAnyBatch) {
  const Model model(backend("cpu"), DType::f32, {.name = "resnet18", .width = 8}, 0);
  const Images images(backend("cpu"), synthetic_images(12));
  const AttackPlan plan{.eps = 8.0 / 255, .step_size = 8.0 / 255 / 5, .steps = 4, .restarts = 2};
  const auto verdicts = [&](Index batch) {
    std::vector<std::pair<bool, double>> list;
    Verdicts found = taken_as_right(images.size());
    attack(found, {.plan = plan, .attacked = model.at(0), .batch = batch},
           images.labelled(DType::f32));
    for (const Verdict& v : found) list.push_back({v.robust, v.perturbation});
    return list;
  };
  EXPECT_EQ(verdicts(5), verdicts(12));
  EXPECT_EQ(verdicts(1), verdicts(12));
}

}  // namespace
}  // namespace robmask
