// What attacks on a linear network find: all that can be broken, or as much of it as they promise.

#include <algorithm>

#include "tests/attacks/attempt.h"

namespace robmask::linear_model {
namespace {

// With the tests of hand_out_test.cpp.
INSTANTIATE_TEST_SUITE_P(Norms, OnLinearModel, testing::Values(Norm::linf, Norm::l2),
                         [](const auto& norm) { return norm.param == Norm::linf ? "linf" : "l2"; });

TEST_P(OnLinearModel, UntargetedAttacksBreakExactlyWhatCanBeBrokenOfTwoClasses) {
  const Linear linear = model(2);
  const Terms terms = this->terms(linear);
  const auto truth = linear.breakable(norm(), terms.eps);
  ASSERT_EQ(truth.size(), images / 2);
  Attempt attempt(tested(), linear, terms);
  EXPECT_EQ(truth, attempt.broken(apgd(ce, 4)));
  attempt.restarts = 2;
  EXPECT_EQ(truth, attempt.broken(fab(2, false, 2)));
  for (const bool best : {false, true})
    for (const LogitLoss& loss : {ce, margin}) EXPECT_EQ(truth, attempt.broken(pgd(loss, best)));
}

TEST_P(OnLinearModel, TargetedAttacksBreakExactlyWhatCanBeBrokenOfSixClasses) {
  const Linear linear = model(6);
  const Terms terms = this->terms(linear);
  const auto truth = linear.breakable(norm(), terms.eps);
  ASSERT_EQ(truth.size(), images / 2);
  Attempt attempt(tested(), linear, terms);
  attempt.targets = 5;
  EXPECT_EQ(truth, attempt.broken(apgd(targeted_dlr, 6)));
  // FAB stays a little beyond the plane (η), so that of what can just be broken it may miss some.
  const auto found = attempt.broken(fab(1, true, 6));
  EXPECT_TRUE(std::ranges::includes(truth, found));
  EXPECT_TRUE(std::ranges::includes(found, linear.breakable(norm(), terms.eps / 1.05)));
}

TEST_P(OnLinearModel, SquareBreaksOnlyWhatCanBeBrokenAndAThirdOfItAtLeast) {
  const Linear linear = model(6);
  const Terms terms = this->terms(linear);
  const auto truth = linear.breakable(norm(), terms.eps);
  for (const bool shared : {false, true}) {
    const auto found = Attempt(tested(), linear, terms).broken(square(500, shared));
    EXPECT_TRUE(std::ranges::includes(truth, found));
    EXPECT_GT(found.size(), truth.size() / 3);
  }
}

TEST_P(OnLinearModel, CwFindsTheLeastPerturbation) {
  if (norm() == Norm::linf) return;
  const Linear linear = model(2);
  Terms terms = this->terms(linear);
  const auto found = Attempt(tested(), linear, terms).broken(cw());
  EXPECT_TRUE(std::ranges::includes(linear.breakable(norm(), terms.eps), found));
  EXPECT_TRUE(std::ranges::includes(found, linear.breakable(norm(), terms.eps / 1.01)));
  terms.eps = 10;
  Attempt attempt(tested(), linear, terms);
  attempt.on_finding = [&](const Found& f) {
    const Tensor length(tested(), {}, DType::f64);
    tested().distance(length, f.x_adv, f.x, Norm::l2);
    EXPECT_GT(length.item(), linear.least_length(f.image));
    EXPECT_LT(length.item(), 1.01 * linear.least_length(f.image));
  };
  EXPECT_EQ(attempt.broken(cw()).size(), images);
}

TEST_P(OnLinearModel, FabsRestartsBeginHalfwayToTheBoundaryOfTheBall) {
  const Linear linear(6, 0.3);
  const Terms terms = this->terms(linear);
  Slots slots(tested(), {3, size, size, channels}, DType::f64);
  tested().copy(slots.x, make_tensor(tested(), slots.x.shape(),
                                     std::vector(linear.pixels.begin(),
                                                 linear.pixels.begin() + 3 * elements)));
  for (const Index number : {0, 1, 2})
    slots.runs.push_back(
        {.image = 4, .label = 0, .targets = std::vector<std::int32_t>(3, -1), .number = number});
  Fab attack(slots, terms, 10, 3, false, 6);
  std::set<std::vector<double>> starts;
  for (Index slot = 0; slot < 3; ++slot) {
    attack.begin(slot);
    const Tensor x = slots.x.images(slot, 1), x_adv = slots.x_adv.images(slot, 1);
    const Tensor distance(tested(), {}, DType::f64);
    tested().distance(distance, x_adv, x, norm());
    EXPECT_NEAR(distance.item(), slot == 0 ? 0 : terms.eps / 2, 1e-12);
    starts.insert(x_adv.to_doubles());
  }
  EXPECT_EQ(starts.size(), 3u);
}

}  // namespace
}  // namespace robmask::linear_model
