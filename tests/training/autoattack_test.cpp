// Evaluations by attacks and by ensembles of them: the same in any batch, in stages that can be resumed.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "tests/support/machines.h"
#include "training/evaluator.h"

namespace robmask {
namespace {

Index argmax(const std::vector<double>& z, Index row, Index classes) {
  const auto first = z.begin() + row * classes;
  return std::max_element(first, first + classes) - first;
}

/// A small network and 25 images that it classifies correctly, since their labels are what it says.
struct Scene {
  Model model;
  Images images;
  std::vector<std::int32_t> all;

  explicit Scene(const std::string& machine = "cpu", Index classes = 5)
      : model(backend(machine), DType::f32, {.name = "resnet18", .width = 4, .classes = classes},
              1),
        images(backend(machine), labelled(model)),
        all(25) {
    std::iota(all.begin(), all.end(), 0);
  }
  static Split labelled(const Model& model) {
    DataOptions options;
    options.test = false;
    options.limit_train = 25;
    Split split = load_dataset("synthetic", options).train;
    std::vector<std::int32_t> ids(split.labels.size());
    std::iota(ids.begin(), ids.end(), 0);
    const Images unlabelled(model.machine(), split);
    std::vector<double> z = Evaluator(model, unlabelled, 25, 0).logits(0, ids).to_doubles();
    centre(model, z);
    for (const std::int32_t n : ids)
      split.labels[n] = static_cast<std::int32_t>(argmax(z, n, model.spec().classes));
    return split;
  }
  /// Takes the images' mean logits off the bias, and off z: a fresh network prefers one class.
  static void centre(const Model& model, std::vector<double>& z) {
    const Index classes = model.spec().classes, count = static_cast<Index>(z.size()) / classes;
    std::vector<double> mean(classes, 0.0);
    for (std::size_t i = 0; i < z.size(); ++i)
      mean[i % classes] += z[i] / static_cast<double>(count);
    for (std::size_t i = 0; i < z.size(); ++i) z[i] -= mean[i % classes];
    for (const Entry& e : model.entries()) {
      if (e.role != Role::linear_bias) continue;
      const Tensor bias = e.variable.value();
      std::vector<double> values = bias.to_doubles();
      for (Index c = 0; c < classes; ++c) values[c] -= mean[c];
      model.machine().copy(bias, make_tensor(model.machine(), bias.shape(), bias.dtype(), values));
    }
  }
  Evaluator evaluator(Index batch) const { return {model, images, batch, 0}; }
};

const Scene& scene(const std::string& machine = "cpu") {
  static std::map<std::string, Scene> scenes;
  return scenes.try_emplace(machine, machine).first->second;
}

/// Everything an evaluation says of each image.
struct Result {
  PerImage<std::vector<float>> adversarial;
  PerImage<std::tuple<bool, AttackName, Index, Index, double>> verdicts;

  bool operator==(const Result&) const = default;
  Index robust() const {
    return std::ranges::count_if(verdicts, [](const auto& v) { return std::get<0>(v.second); });
  }
  void add(const Verdict& v) {
    verdicts[v.image] = {v.robust, v.broken_by, v.restart, v.iteration, v.perturbation};
  }
};

Result run(const AttackPlan& plan, Index batch, const Scene& on = scene()) {
  Result result;
  PerImage<Tensor> handed_out;
  const auto verdicts = on.evaluator(batch).attack(0, plan, on.all, {.adversarial = &handed_out});
  for (const Verdict& v : verdicts) result.add(v);
  for (const auto& [image, x_adv] : handed_out) result.adversarial[image] = x_adv.to_host<float>();
  return result;
}

/// The median of the perturbations that a plan finds.
double median_perturbation(const AttackPlan& plan) {
  std::vector<double> lengths;
  for (const auto& [image, verdict] : run(plan, 25).verdicts)
    if (!std::get<0>(verdict)) lengths.push_back(std::get<4>(verdict));
  std::ranges::sort(lengths);
  return lengths.at(lengths.size() / 2);
}

AttackPlan small_plan(AttackName attack, Norm norm) {
  const double eps = norm == Norm::linf ? 0.3 / 255 : 0.05;
  AttackPlan plan{.attack = attack,
                  .norm = norm,
                  .eps = eps,
                  .step_size = eps / 4,
                  .steps = 5,
                  .restarts = attack == AttackName::autoattack ? 1 : 2,
                  .queries = 20,
                  .targets = 2};
  if (!plan.seeks_least()) return plan;
  plan.eps = 1;
  plan.restarts = 1;
  static const double median = median_perturbation(plan);
  plan.eps = median;
  return plan;
}

class AnyAttack : public testing::TestWithParam<std::tuple<std::string, AttackName, Norm>> {
 protected:
  const Scene& here() const { return scene(std::get<0>(GetParam())); }
  AttackPlan plan() const { return small_plan(std::get<1>(GetParam()), std::get<2>(GetParam())); }
};

TEST_P(AnyAttack, FindsTheSameInAnyBatchAndHandsOutMisclassifiedImagesOfTheBallOnly) {
  const Result result = run(plan(), 25, here());
  EXPECT_EQ(result.verdicts.size(), 25u);
  EXPECT_EQ(run(plan(), 7, here()), result);
  EXPECT_GT(result.robust(), 0);
  EXPECT_LT(result.robust(), 25);
  const Norm norm = plan().norm;
  Backend& machine = here().model.machine();
  for (const auto& [image, values] : result.adversarial) {
    const Tensor x = here().images.batch(DType::f32, std::vector{image}).images;
    const Tensor x_adv = make_tensor(machine, x.shape(), values);
    const Context context = here().model.eval(1, 0);
    const auto z = here().model.logits(Variable(x_adv), context).value().to_doubles();
    const bool robust = std::get<0>(result.verdicts.at(image));
    EXPECT_EQ(argmax(z, 0, 5) == here().images.split().labels[image], robust);
    const Tensor distance(machine, {}, DType::f32);
    machine.distance(distance, x_adv, x, norm);
    EXPECT_LE(distance.item(), plan().eps * (1 + 1e-5));
    EXPECT_EQ(distance.item(), std::get<4>(result.verdicts.at(image)));
    for (const float pixel : values) EXPECT_TRUE(pixel >= 0 && pixel <= 1);
  }
}

TEST_P(AnyAttack, OfStrengthZeroBreaksNothing) {
  AttackPlan zero = plan();
  zero.eps = zero.step_size = 0;
  zero.queries = zero.steps = 3;
  zero.restarts = zero.targets = 1;
  EXPECT_EQ(run(zero, 25, here()).robust(), 25);
}

INSTANTIATE_TEST_SUITE_P(
    Attacks, AnyAttack,
    testing::Combine(testing::ValuesIn(machines_under_test()),
                     testing::Values(AttackName::pgd, AttackName::cw, AttackName::apgd_ce,
                                     AttackName::apgd_dlr, AttackName::apgd_t, AttackName::fab,
                                     AttackName::fab_t, AttackName::square, AttackName::autoattack),
                     testing::Values(Norm::linf, Norm::l2)),
    [](const auto& which) {
      std::string attack = to_string(std::get<1>(which.param));
      std::erase(attack, '-');
      return fmt::format("{}_{}_{}", std::get<0>(which.param), attack,
                         to_string(std::get<2>(which.param)));
    });

TEST(AutoAttack, StandardPlusAndRandHaveTheAuthorsStages) {
  using enum AttackName;
  const auto listed = [](AaVersion version) {
    std::vector<std::pair<AttackName, Index>> list;
    for (const AttackPlan& s : stages({.attack = autoattack, .version = version}))
      list.push_back({s.attack, s.restarts});
    return list;
  };
  using List = std::vector<std::pair<AttackName, Index>>;
  EXPECT_EQ(listed(AaVersion::standard),
            (List{{apgd_ce, 1}, {apgd_t, 1}, {fab_t, 1}, {square, 1}}));
  EXPECT_EQ(listed(AaVersion::plus),
            (List{{apgd_ce, 5}, {apgd_dlr, 5}, {fab, 5}, {square, 1}, {apgd_t, 1}, {fab_t, 1}}));
  EXPECT_EQ(listed(AaVersion::rand), (List{{apgd_ce, 1}, {apgd_dlr, 1}}));
}

TEST(AutoAttack, EachStageAttacksTheSurvivorsOfThoseBefore) {
  const AttackPlan plan = small_plan(AttackName::autoattack, Norm::linf);
  std::vector<std::int32_t> standing = scene().all;
  Result one_by_one;
  for (const AttackPlan& stage : stages(plan)) {
    std::vector<std::int32_t> survivors;
    for (const Verdict& v : scene().evaluator(9).attack(0, stage, standing)) {
      one_by_one.add(v);
      if (v.robust) survivors.push_back(v.image);
    }
    standing = survivors;
  }
  EXPECT_EQ(run(plan, 9).verdicts, one_by_one.verdicts);
}

TEST(AutoAttack, GoesOnFromAnyStageToTheSameVerdicts) {
  const AttackPlan plan = small_plan(AttackName::autoattack, Norm::linf);
  Result whole;
  std::vector<Standing> after;
  Evaluator::Hooks hooks;
  hooks.on_batch = [&](Index done, const PerImage<Verdict>& some) {
    for (const auto& [image, v] : some) whole.add(v);
    EXPECT_EQ(done, static_cast<Index>(whole.verdicts.size()));
  };
  hooks.on_stage = [&](Index stage, const std::vector<std::int32_t>& survivors) {
    after.push_back({stage + 1, survivors});
  };
  scene().evaluator(9).attack(0, plan, scene().all, hooks);
  EXPECT_EQ(whole.verdicts.size(), 25u);
  ASSERT_EQ(after.size(), 4u);
  for (const Standing& from : after) {
    Result resumed;
    for (const Verdict& v : scene().evaluator(4).attack(0, plan, scene().all, {}, &from)) {
      resumed.add(v);
      if (from.stage < 4) {
        EXPECT_EQ(resumed.verdicts[v.image], whole.verdicts[v.image]);
      }
    }
    EXPECT_EQ(resumed.verdicts.size(), from.survivors.size());
  }
}

TEST(AutoAttack, LossesThatNeedMoreClassesAreRefused) {
  const Scene three("cpu", 3);
  const auto attack = [&](AttackName name) {
    return three.evaluator(25).attack(0, small_plan(name, Norm::linf), {0, 1, 2});
  };
  EXPECT_THROW(attack(AttackName::apgd_t), InputError);
  EXPECT_THROW(attack(AttackName::autoattack), InputError);
  for (const AttackName name : {AttackName::apgd_ce, AttackName::apgd_dlr, AttackName::fab_t})
    EXPECT_EQ(attack(name).size(), 3u);
}

TEST(AutoAttack, NineTargetsOfFiveClassesAreTheFourThatThereAre) {
  for (const AttackName attack : {AttackName::apgd_t, AttackName::fab_t}) {
    AttackPlan plan = small_plan(attack, Norm::linf);
    plan.targets = 4;
    const Result four = run(plan, 25);
    plan.targets = 9;
    EXPECT_EQ(run(plan, 25), four);
    plan.targets = 3;
    EXPECT_GE(run(plan, 25).robust(), four.robust());
  }
}

TEST(AutoAttack, SharedWindowsAreTheSameForAllImagesAndStillDoNotDependOnTheBatch) {
  AttackPlan plan = small_plan(AttackName::square, Norm::linf);
  plan.queries = 60;
  const Result own = run(plan, 25);
  plan.compat = true;
  const Result shared = run(plan, 25);
  EXPECT_NE(own.verdicts, shared.verdicts);
  EXPECT_EQ(run(plan, 7), shared);
}

}  // namespace
}  // namespace robmask
