// Evaluations by attacks and by ensembles of them: of any function, the same in any batch, in
// stages that can be resumed, and confirmed.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "attacks/evaluate.h"
#include "attacks/intervals.h"
#include "tests/support/machines.h"
#include "training/images.h"

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

  explicit Scene(const std::string& machine = "cpu", Index classes = 5)
      : model(backend(machine), DType::f32, {.name = "resnet18", .width = 4, .classes = classes},
              1),
        images(backend(machine), labelled(model)) {}
  static Split labelled(const Model& model) {
    DataOptions options;
    options.test = false;
    options.limit_train = 25;
    Split split = load_dataset("synthetic", options).train;
    std::vector<std::int32_t> ids(split.labels.size());
    std::iota(ids.begin(), ids.end(), 0);
    const Images unlabelled(model.machine(), split);
    const Variable x(unlabelled.batch(DType::f32, ids).images);
    std::vector<double> z = model.at(0)(x).value().to_doubles();
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
  Evaluation evaluation(const AttackPlan& plan, Index batch) const {
    return {.plan = plan, .attacked = model.at(0), .batch = batch};
  }
  LabelledImages labelled() const { return images.labelled(DType::f32); }
};

const Scene& scene(const std::string& machine = "cpu") {
  static std::map<std::string, Scene> scenes;
  return scenes.try_emplace(machine, machine).first->second;
}

/// Everything an evaluation says of each image.
struct Found {
  PerImage<std::vector<float>> adversarial;
  PerImage<std::tuple<bool, AttackName, Index, Index, double>> verdicts;

  bool operator==(const Found&) const = default;
  Index robust() const {
    return std::ranges::count_if(verdicts, [](const auto& v) { return std::get<0>(v.second); });
  }
  void add(const Verdict& v) {
    verdicts[v.image] = {v.robust, v.broken_by, v.restart, v.iteration, v.perturbation};
  }
};

Found run(const AttackPlan& plan, Index batch, const Scene& on = scene()) {
  Found found;
  const auto finish = [&](Index, const PerImage<Verdict>& verdicts, const Tensor& x_adv) {
    Index row = 0;
    for (const auto& [image, v] : verdicts)
      found.adversarial[image] = x_adv.images(row++, 1).to_host<float>();
  };
  for (const Verdict& v : evaluate(on.evaluation(plan, batch), on.labelled(), {.finish = finish}))
    found.add(v);
  return found;
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
  const Found result = run(plan(), 25, here());
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
  zero.eps = 0;
  zero.step_size = 0;
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
  Verdicts verdicts = taken_as_right(25);
  for (const AttackPlan& stage : stages(plan))
    attack(verdicts, scene().evaluation(stage, 9), scene().labelled());
  Found one_by_one;
  for (const Verdict& v : verdicts) one_by_one.add(v);
  EXPECT_EQ(run(plan, 9).verdicts, one_by_one.verdicts);
}

TEST(AutoAttack, GoesOnFromWhatIsKnownOfAnyStageToTheSameVerdicts) {
  const AttackPlan plan = small_plan(AttackName::autoattack, Norm::linf);
  std::vector<PerImage<Verdict>> noted(4);  // by stage
  const auto note = [&](Index stage, const PerImage<Verdict>& some, const Tensor&) {
    noted[stage].insert(some.begin(), some.end());
  };
  evaluate(scene().evaluation(plan, 9), scene().labelled(), {.finish = note});
  const Found whole = run(plan, 9);
  for (std::size_t known = 0; known < 4; ++known) {  // stages, and half of the next one
    Index attacked = 0;
    const auto recall = [&](Index stage, const std::vector<std::int32_t>& images) {
      PerImage<Verdict> some;
      for (const std::int32_t image : images)
        if (stage < static_cast<Index>(known) ||
            (stage == static_cast<Index>(known) && image % 2 == 0))
          some[image] = noted[stage].at(image);
      attacked += std::ssize(images) - std::ssize(some);
      return some;
    };
    Found resumed;
    for (const Verdict& v :
         evaluate(scene().evaluation(plan, 4), scene().labelled(), {.begin = recall}))
      resumed.add(v);
    EXPECT_EQ(resumed.verdicts, whole.verdicts);
    EXPECT_GT(attacked, 0);
  }
}

TEST(AutoAttack, OfAFunctionIsFiveLines) {
  // Four images of one pixel, whose four channels are the logits.
  Backend& cpu = backend("cpu");
  const Tensor images = make_tensor(
      cpu, {4, 1, 1, 4}, DType::f64,
      std::vector<double>{.9, .1, .1, .1, .5, .3, .3, .2, .1, .6, .5, .2, .2, .2, .8, .3});
  const std::vector<std::int32_t> labels{0, 0, 1, 2};
  const std::vector<double> identity{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  const Variable w(make_tensor(cpu, {1, 1, 4, 4}, DType::f64, identity)),
      b(make_tensor(cpu, {1, 1, 1, 4}, DType::f64, std::vector<double>(4, 0.0)));
  const auto network = [&](const Variable& x) { return linear(x, w, b); };

  const Classifier logits = [&](const Variable& x) { return network(x); };
  const Evaluation autoattack{.plan = {.attack = AttackName::autoattack, .eps = 0.15},
                              .attacked = logits};
  const Verdicts verdicts = evaluate(autoattack, labelled(images, labels));
  const Index robust = std::ranges::count(verdicts, true, &Verdict::robust);
  const auto [low, high] = wilson_interval(robust, std::ssize(verdicts));

  EXPECT_EQ(robust, 2);  // a gap of more than 2·ε between the largest logits: images 0 and 3
  EXPECT_TRUE(verdicts[0].robust && verdicts[3].robust);
  EXPECT_LT(low, 0.5);
  EXPECT_GT(high, 0.5);
}

TEST(AttacksByName, HaveTheNumbersThatTheirNamesSay) {
  const auto verdicts = [](const AttackPlan& plan) { return run(plan, 25).verdicts; };
  const double eps = 0.3 / 255;
  auto one_step = verdicts({.eps = eps, .step_size = eps, .steps = 1, .random_start = false});
  for (auto& [image, v] : one_step)
    if (!std::get<0>(v)) std::get<1>(v) = AttackName::fgsm;
  EXPECT_EQ(verdicts({.attack = AttackName::fgsm, .eps = eps}), one_step);
  EXPECT_EQ(verdicts({.eps = eps, .steps = 4}),
            verdicts({.eps = eps, .step_size = eps / 5, .steps = 4}));
  const Found clean = run({.attack = AttackName::clean, .eps = eps}, 25);
  EXPECT_EQ(clean.robust(), 25);
  EXPECT_EQ(settled({.attack = AttackName::cw, .norm = Norm::l2, .restarts = 3}).restarts, 1);
}

TEST(Verdicts, CountAsBrokenOnlyWhatIsMisclassifiedAndInTheBall) {
  const Scene& s = scene();
  // The attacked network is wrong everywhere; the judging one only where a pixel was moved far.
  const AttackPlan still{
      .attack = AttackName::pgd, .eps = 0.01, .step_size = 0, .steps = 1, .random_start = false};
  const Classifier wrong = [&](const Variable& x) {
    const Variable z = s.model.at(0)(x);
    return add_scaled(z, z, -2);
  };
  Evaluation e{.plan = still, .attacked = wrong, .judged = s.model.at(0)};
  for (const Verdict& v : evaluate(e, s.labelled())) EXPECT_TRUE(v.clean && v.robust);
  std::swap(e.attacked, e.judged);
  Verdicts verdicts = taken_as_right(25);
  attack(verdicts, e, s.labelled());
  for (const Verdict& v : verdicts) {
    EXPECT_FALSE(v.robust) << "what hands out nothing of its own is judged too";
    EXPECT_EQ(v.broken_by, AttackName::pgd);
    EXPECT_EQ(v.perturbation, 0);
  }
}

TEST(AutoAttack, LossesThatNeedMoreClassesAreRefused) {
  const Scene three("cpu", 3);
  const auto attack = [&](AttackName name) {
    return evaluate(three.evaluation(small_plan(name, Norm::linf), 25), three.labelled());
  };
  EXPECT_THROW(attack(AttackName::apgd_t), InputError);
  EXPECT_THROW(attack(AttackName::autoattack), InputError);
  for (const AttackName name : {AttackName::apgd_ce, AttackName::apgd_dlr, AttackName::fab_t})
    EXPECT_EQ(attack(name).size(), 25u);
}

TEST(AutoAttack, NineTargetsOfFiveClassesAreTheFourThatThereAre) {
  for (const AttackName attack : {AttackName::apgd_t, AttackName::fab_t}) {
    AttackPlan plan = small_plan(attack, Norm::linf);
    plan.targets = 4;
    const Found four = run(plan, 25);
    plan.targets = 9;
    EXPECT_EQ(run(plan, 25), four);
    plan.targets = 3;
    EXPECT_GE(run(plan, 25).robust(), four.robust());
  }
}

TEST(AutoAttack, SharedWindowsAreTheSameForAllImagesAndStillDoNotDependOnTheBatch) {
  AttackPlan plan = small_plan(AttackName::square, Norm::linf);
  plan.queries = 60;
  const Found own = run(plan, 25);
  plan.compat = true;
  const Found shared = run(plan, 25);
  EXPECT_NE(own.verdicts, shared.verdicts);
  EXPECT_EQ(run(plan, 7), shared);
}

}  // namespace
}  // namespace robmask
