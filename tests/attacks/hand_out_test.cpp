// What attacks on a linear network hand out, and how long they go on.

#include <algorithm>
#include <map>

#include "tests/attacks/attempt.h"

namespace robmask::linear_model {
namespace {

TEST_P(OnLinearModel, TheStrongestPointIsTheFarthestBeyondThePlaneWhateverIsFoundBefore) {
  const Linear linear = model(2);
  const Terms terms = this->terms(linear, HandOut::strongest);
  Attempt attempt(tested(), linear, terms);
  double least_share = 1;  // of what the ball allows
  Index most = 0;
  attempt.on_finding = [&](const Found& f) {
    const double reached = linear.margin_at(f.image, f.x_adv.to_doubles()),
                 start = linear.margin_at(f.image, f.x.to_doubles());
    least_share = std::min(
        least_share, (reached - start) / (linear.worst_margin(f.image, norm(), terms.eps) - start));
    most = std::max(most, f.iteration);
  };
  EXPECT_EQ(attempt.broken(apgd(ce, 4)).size(), images);  // nobody refuses
  EXPECT_GT(least_share, 0.9999);
  EXPECT_EQ(most, 50);
  EXPECT_EQ(attempt.broken(pgd(ce, false)).size(), images);
  EXPECT_GT(least_share, 0.9999);
  attempt.broken(square(500, false));
  EXPECT_GT(least_share, 0);
  EXPECT_EQ(most, 500);
}

TEST_P(OnLinearModel, ATransferBreaksWhatItsOwnModelWouldAndOfAnotherOnlyWhatCanBeBroken) {
  const Linear linear = model(2);
  Linear other = linear;
  for (double& w : other.weights) w += (2 * uniform(7, &w - other.weights.data()) - 1);
  const Terms terms = this->terms(linear, HandOut::strongest);
  const auto truth = linear.breakable(norm(), terms.eps);
  const auto judged = [&](const Linear& source) {
    Attempt attempt(tested(), source, terms);
    attempt.restarts = 2;
    attempt.accept = [&](const std::vector<Found>& found) {
      std::vector<bool> broken;
      for (const Found& f : found)
        broken.push_back(linear.margin_at(f.image, f.x_adv.to_doubles()) > 0);
      return broken;
    };
    return attempt.broken(pgd(ce, false));
  };
  EXPECT_EQ(judged(linear), truth);
  const auto transferred = judged(other);
  EXPECT_TRUE(std::ranges::includes(truth, transferred));
  EXPECT_GT(transferred.size(), 0u);
  EXPECT_LT(transferred.size(), truth.size());
}

TEST_P(OnLinearModel, ARunGoesOnWhereWhatItFoundIsTurnedDown) {
  const Linear linear = model(6);
  Terms terms = this->terms(linear, HandOut::checked);
  terms.eps *= 2;
  for (const Make& make : {apgd(ce, 4), fab(1, false, 6), square(500, false)}) {
    std::map<std::int32_t, Index> offers;
    Attempt attempt(tested(), linear, terms);
    attempt.accept = [&](const std::vector<Found>& found) {
      std::vector<bool> third;
      for (const Found& f : found) {
        EXPECT_GT(linear.margin_at(f.image, f.x_adv.to_doubles()), 0);
        third.push_back(++offers[f.image] == 3);
      }
      return third;
    };
    const auto broken = attempt.broken(make);
    EXPECT_GT(broken.size(), images / 8);
    for (const std::int32_t image : broken) EXPECT_EQ(offers[image], 3);
  }
}

TEST_P(OnLinearModel, LooksThatAreLeftAtMostFallToNothingAndWereNeverTooFew) {
  const Linear linear = model(6);
  Attempt attempt(tested(), linear, terms(linear));
  attempt.targets = 5;
  for (const Make& make : {apgd(targeted_dlr, 6), fab(1, true, 6)}) {
    std::vector<Looks> seen;
    attempt.on_look = [&](const Looks& looks) { seen.push_back(looks); };
    attempt.broken(make);
    ASSERT_GT(seen.size(), 50u);
    const Looks last = seen.back();
    EXPECT_EQ(last.most_left, 0);
    EXPECT_EQ(seen.front().done, 7);
    for (std::size_t i = 1; i < seen.size(); ++i) {
      EXPECT_LT(seen[i].most_left, seen[i - 1].most_left);
      EXPECT_GE(seen[i].most_left, last.done - seen[i].done);
    }
  }
}

}  // namespace
}  // namespace robmask::linear_model
