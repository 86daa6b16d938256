// A training run ends in the same bits whether its iterations are replayed or run one by one.

#include <gtest/gtest.h>

#include "tests/files/scratch.h"
#include "tests/support/machines.h"
#include "training/trainer.h"
#include "training/weights.h"

namespace robmask {
namespace {

namespace fs = std::filesystem;

/// A recipe by name: those of --method, and what else draws something for each step.
TrainSettings settings_of(const std::string& name) {
  TrainSettings s;
  s.attack.steps = 1;
  s.epochs = 2;
  s.batch = 2;  // the last batch of an epoch has one image
  s.aux_eps = {Strength{}};
  s.aux_random = name == "advprop_random";
  if (name == "robmask_per_image") s.strength.kind = StrengthChoice::Kind::per_image;
  if (name == "robmask_split") s.bn_stats = BnStats::split;
  s.method = from_string<Method>(name.substr(0, name.find('_')));
  return s;
}

/// All tensors of a trained model, and the loss of its last epoch.
struct Outcome {
  std::vector<NamedTensor> tensors;
  double loss;
  bool operator==(const Outcome&) const = default;
};

/// Trains in `dir`, from where an earlier run there stopped.
Outcome train(const std::string& machine_name, TrainSettings s, const fs::path& dir) {
  Backend& machine = backend(machine_name);
  DataOptions options;
  options.limit_train = 5;
  options.test = false;
  const Dataset data = load_dataset("synthetic", options);
  const MaskCounts counts = mask_counts(s);
  const Model model(machine, DType::f32,
                    {.name = "resnet18", .width = 2, .masks = counts.masks, .pairs = counts.pairs},
                    0);
  const auto recipe = [&] { return make_recipe(s, model); };
  Sgd sgd(model.parameters(), s.momentum, s.weight_decay);
  const Images images(machine, data.train), none(machine, {});
  CheckpointInfo info;
  info.spec = model.spec();
  Trainer trainer(s, {model, recipe, sgd}, {images, none}, {info, dir});
  if (fs::exists(dir / "state.safetensors")) trainer.resume();
  const double loss = trainer.run().train_loss;
  return {to_file(model).tensors, loss};
}

/// Machine and recipe.
class ReplayedTraining : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  Outcome run(bool replay, std::optional<Index> steps, const fs::path& dir) const {
    TrainSettings s = settings_of(std::get<1>(GetParam()));
    s.replay = replay;
    s.steps = steps;
    return train(std::get<0>(GetParam()), s, dir);
  }
};

TEST_P(ReplayedTraining, EndsInTheBitsOfIterationsRunOneByOneAndOfAResumedRun) {
  const test::ScratchFolder whole, one_by_one, parts;
  const Outcome replayed = run(true, {}, whole.path());
  EXPECT_EQ(replayed, run(false, {}, one_by_one.path()));
  run(true, 4, parts.path());
  EXPECT_EQ(replayed, run(true, {}, parts.path())) << "stopped after iteration 4";
}

INSTANTIATE_TEST_SUITE_P(
    Replay, ReplayedTraining,
    testing::Combine(testing::ValuesIn(machines_under_test()),
                     testing::Values("standard", "pgd", "trades", "advprop", "advprop_random",
                                     "robmask", "robmask_split", "robmask_per_image")),
    [](const auto& test) { return std::get<0>(test.param) + "_" + std::get<1>(test.param); });

}  // namespace
}  // namespace robmask
