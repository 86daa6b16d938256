// Attacks on a linear network, whose robust accuracy is known exactly: an image stands if no class
// gains more on its own, over the ball cut with [0,1], than its margin.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "attacks/apgd.h"
#include "attacks/cw.h"
#include "attacks/driver.h"
#include "attacks/fab.h"
#include "attacks/pgd_attack.h"
#include "attacks/square.h"
#include "engine/ops.h"
#include "tests/support/machines.h"

namespace robmask {
namespace {

constexpr Index size = 6, channels = 3, elements = size * size * channels, images = 40;

double uniform(std::uint32_t stream, Index i) {
  return random_uniform<double>({.seed = 5, .image = stream}, static_cast<std::uint32_t>(i));
}

/// `classes` planes, and images classified by the largest.
struct Linear {
  Index classes;
  std::vector<double> weights, pixels;  // [element][class], [image][element]
  std::vector<std::int32_t> labels;

  /// Pixels in [low, 1 − low].
  Linear(Index number, double low) : classes(number) {
    for (Index i = 0; i < elements * classes; ++i) weights.push_back(2 * uniform(1, i) - 1);
    for (Index i = 0; i < images * elements; ++i)
      pixels.push_back(low + (1 - 2 * low) * uniform(2, i));
    for (Index n = 0; n < images; ++n) {
      std::vector<double> z(classes);
      for (Index i = 0; i < elements; ++i)
        for (Index c = 0; c < classes; ++c) z[c] += weight(i, c) * pixels[n * elements + i];
      labels.push_back(static_cast<std::int32_t>(predicted(z)));
    }
  }
  double weight(Index element, Index c) const { return weights[element * classes + c]; }

  /// The largest margin of another class that the ball around image n holds: positive if it can be
  /// broken. L2 needs a ball that lies inside [0,1].
  double worst_margin(Index n, Norm norm, double eps) const {
    double worst = -1e300;
    for (Index c = 0; c < classes; ++c) {
      if (c == labels[n]) continue;
      double margin = 0, gain = 0, squares = 0;
      for (Index i = 0; i < elements; ++i) {
        const double x = pixels[n * elements + i], w = weight(i, c) - weight(i, labels[n]);
        margin += w * x;
        gain += w > 0 ? w * (std::min(x + eps, 1.0) - x) : w * (std::max(x - eps, 0.0) - x);
        squares += w * w;
      }
      worst = std::max(worst, margin + (norm == Norm::linf ? gain : eps * std::sqrt(squares)));
    }
    return worst;
  }
  /// The length of the least L2 perturbation that reaches another class, if it stays inside [0,1].
  double least_length(Index n) const {
    double least = 1e300;
    for (Index c = 0; c < classes; ++c) {
      if (c == labels[n]) continue;
      double margin = 0, squares = 0;
      for (Index i = 0; i < elements; ++i) {
        const double w = weight(i, c) - weight(i, labels[n]);
        margin -= w * pixels[n * elements + i];
        squares += w * w;
      }
      least = std::min(least, margin / std::sqrt(squares));
    }
    return least;
  }
  double margin_at(Index n, const std::vector<double>& x) const {
    std::vector<double> z(classes), unused(classes);
    for (Index i = 0; i < elements; ++i)
      for (Index c = 0; c < classes; ++c) z[c] += weight(i, c) * x[i];
    return margin(z, labels[n], -1, unused);
  }
  std::set<std::int32_t> breakable(Norm norm, double eps) const {
    std::set<std::int32_t> list;
    for (Index n = 0; n < images; ++n)
      if (worst_margin(n, norm, eps) > 0) list.insert(static_cast<std::int32_t>(n));
    return list;
  }
};

/// An eps at which exactly half of the images can be broken, midway to where one more can.
double dividing_eps(const Linear& model, Norm norm) {
  const auto least = [&](std::size_t count) {
    double low = 0, high = 1;
    for (int i = 0; i < 40; ++i) {
      const double middle = (low + high) / 2;
      (model.breakable(norm, middle).size() >= count ? high : low) = middle;
    }
    return high;
  };
  return (least(images / 2) + least(images / 2 + 1)) / 2;
}

/// Makes an attack at work in slots.
using Make = std::function<std::unique_ptr<Attack>(Slots&, const Terms&)>;

/// A linear model, its images and an attack in 7 slots on a machine.
class Attempt {
 public:
  Attempt(Backend& machine, const Linear& model, const Terms& terms)
      : machine_(machine),
        model_(model),
        terms_(terms),
        x_(make_tensor(machine, {images, size, size, channels}, model.pixels)) {}

  Index targets = 0, restarts = 1;  // target classes, if any
  Accept accept = {};
  OnLook on_look = {};
  std::function<void(const Finding&)> on_finding = {};

  /// What `make` finds in the ball; checks that it lies in the ball and in [0,1].
  std::set<std::int32_t> broken(const Make& make) const {
    const Variable w(make_tensor(machine_, {size, size, channels, model_.classes}, model_.weights));
    const Classifier classify = [&](const Variable& v) { return conv2d(v, w, {.kernel = size}); };
    Slots slots(machine_, {7, size, size, channels}, DType::f64);
    const auto attack = make(slots, terms_);
    std::set<std::int32_t> found;
    Index reported = 0;
    const auto report = [&](const std::vector<Finding>& findings) {
      for (const Finding& f : findings) {
        ++reported;
        if (f.broken()) found.insert(f.image);
        if (on_finding) on_finding(f);
        const Tensor distance(machine_, {}, DType::f64);
        machine_.distance(distance, f.x_adv, f.x, terms_.norm);
        EXPECT_LE(distance.item(), terms_.eps * (1 + 1e-12)) << "image " << f.image;
        for (const double pixel : f.x_adv.to_doubles()) EXPECT_TRUE(pixel >= 0 && pixel <= 1);
      }
    };
    drive(*attack, slots, queue(classify(Variable(x_)).value().to_doubles()), classify,
          {[&](const auto& ids) { return batch(ids); }, report, accept, on_look});
    EXPECT_EQ(reported, images);
    return found;
  }

 private:
  std::deque<Victim> queue(const std::vector<double>& z) const {
    const auto classes = static_cast<std::size_t>(model_.classes);
    std::deque<Victim> queue;
    for (Index n = 0; n < images; ++n) {
      Victim v{static_cast<std::int32_t>(n), model_.labels[n],
               std::vector<std::int32_t>(restarts, -1)};
      if (targets > 0) v.targets = runners_up({&z[n * classes], classes}, v.label, targets);
      queue.push_back(v);
    }
    return queue;
  }
  Tensor batch(const std::vector<std::int32_t>& ids) const {
    const Tensor batch(machine_, {static_cast<Index>(ids.size()), size, size, channels},
                       DType::f64);
    for (std::size_t i = 0; i < ids.size(); ++i)
      machine_.copy(batch.images(static_cast<Index>(i), 1), x_.images(ids[i], 1));
    return batch;
  }

  Backend& machine_;
  const Linear& model_;
  Terms terms_;
  Tensor x_;
};

class OnLinearModel : public testing::TestWithParam<Norm> {
 protected:
  Backend& tested() const { return backend("cpu"); }
  Norm norm() const { return GetParam(); }
  Linear model(Index classes) const { return {classes, norm() == Norm::linf ? 0.0 : 0.3}; }
  Terms terms(const Linear& linear, HandOut hand_out = HandOut::first) const {
    return {norm(), dividing_eps(linear, norm()), 3, hand_out};
  }
};
INSTANTIATE_TEST_SUITE_P(Norms, OnLinearModel, testing::Values(Norm::linf, Norm::l2),
                         [](const auto& norm) { return norm.param == Norm::linf ? "linf" : "l2"; });

LogitLoss ce() {
  return [](auto... arguments) { return cross_entropy(arguments...); };
}

Make apgd(LogitLoss loss, std::uint64_t kind, Index iterations = 50) {
  return [=](Slots& s, const Terms& t) {
    return std::make_unique<Apgd>(s, t, iterations, loss, kind);
  };
}
Make fab(Index restarts, bool targeted, Index classes, Index iterations = 50) {
  return [=](Slots& s, const Terms& t) {
    return std::make_unique<Fab>(s, t, iterations, restarts, targeted, classes);
  };
}
Make pgd(LogitLoss loss, bool best, Index steps = 40) {
  return [=](Slots& s, const Terms& t) {
    return std::make_unique<PgdAttack>(s, t, PgdAttack::Plan{t.eps / 4, steps, true, best, 2},
                                       loss);
  };
}
Make square(Index queries, bool shared) {
  return [=](Slots& s, const Terms& t) { return std::make_unique<Square>(s, t, queries, shared); };
}
Make cw(Index iterations = 100) {
  return [=](Slots& s, const Terms& t) { return std::make_unique<Cw>(s, t, iterations); };
}

TEST_P(OnLinearModel, UntargetedAttacksBreakExactlyWhatCanBeBrokenOfTwoClasses) {
  const Linear linear = model(2);
  const Terms terms = this->terms(linear);
  const auto truth = linear.breakable(norm(), terms.eps);
  ASSERT_EQ(truth.size(), images / 2);
  Attempt attempt(tested(), linear, terms);
  EXPECT_EQ(truth, attempt.broken(apgd(ce(), 4)));
  attempt.restarts = 2;
  EXPECT_EQ(truth, attempt.broken(fab(2, false, 2)));
  for (const bool best : {false, true})
    for (const LogitLoss& loss : {ce(), LogitLoss(margin)})
      EXPECT_EQ(truth, attempt.broken(pgd(loss, best)));
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

TEST_P(OnLinearModel, TheStrongestPointIsTheFarthestBeyondThePlaneWhateverIsFoundBefore) {
  const Linear linear = model(2);
  const Terms terms = this->terms(linear, HandOut::strongest);
  Attempt attempt(tested(), linear, terms);
  double least_share = 1;  // of what the ball allows
  Index most = 0;
  attempt.on_finding = [&](const Finding& f) {
    const double reached = linear.margin_at(f.image, f.x_adv.to_doubles()),
                 start = linear.margin_at(f.image, f.x.to_doubles());
    least_share = std::min(
        least_share, (reached - start) / (linear.worst_margin(f.image, norm(), terms.eps) - start));
    most = std::max(most, f.iteration);
  };
  EXPECT_EQ(attempt.broken(apgd(ce(), 4)).size(), images);  // nobody refuses
  EXPECT_GT(least_share, 0.9999);
  EXPECT_EQ(most, 50);
  EXPECT_EQ(attempt.broken(pgd(ce(), false)).size(), images);
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
    attempt.accept = [&](const std::vector<Finding>& found) {
      std::vector<bool> broken;
      for (const Finding& f : found)
        broken.push_back(linear.margin_at(f.image, f.x_adv.to_doubles()) > 0);
      return broken;
    };
    return attempt.broken(pgd(ce(), false));
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
  for (const Make& make : {apgd(ce(), 4), fab(1, false, 6), square(500, false)}) {
    std::map<std::int32_t, Index> offers;
    Attempt attempt(tested(), linear, terms);
    attempt.accept = [&](const std::vector<Finding>& found) {
      std::vector<bool> third;
      for (const Finding& f : found) {
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

TEST_P(OnLinearModel, CwFindsTheLeastPerturbation) {
  if (norm() == Norm::linf) return;
  const Linear linear = model(2);
  Terms terms = this->terms(linear);
  const auto found = Attempt(tested(), linear, terms).broken(cw());
  EXPECT_TRUE(std::ranges::includes(linear.breakable(norm(), terms.eps), found));
  EXPECT_TRUE(std::ranges::includes(found, linear.breakable(norm(), terms.eps / 1.01)));
  terms.eps = 10;
  Attempt attempt(tested(), linear, terms);
  attempt.on_finding = [&](const Finding& f) {
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
    slots.runs.push_back({.image = 4, .label = 0, .number = number});
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

/// The machines on which attacks work, each compared with the CPU.
class InSlots : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Machine, InSlots, testing::ValuesIn(machines_under_test()),
                         [](const auto& machine) { return machine.param; });

TEST_P(InSlots, AttacksHandOutWhatTheyHandOutOnTheCpu) {
  const Linear linear(3, 0.3);
  for (const Norm norm : {Norm::linf, Norm::l2})
    for (const HandOut hand_out : {HandOut::first, HandOut::strongest}) {
      std::vector<Make> attacks{apgd(ce(), 4, 6), pgd(margin, true, 4), fab(1, false, 3, 4),
                                square(12, false)};
      if (norm == Norm::l2) attacks.push_back(cw(3));
      for (std::size_t i = 0; i < attacks.size(); ++i) {
        SCOPED_TRACE(fmt::format("attack {} in {}", i, norm == Norm::linf ? "linf" : "l2"));
        const Terms terms{norm, 1.5 * dividing_eps(linear, norm), 3, hand_out};
        const auto handed_out = [&](Backend& machine) {
          std::map<std::int32_t, std::vector<double>> points;
          Attempt attempt(machine, linear, terms);
          attempt.on_finding = [&](const Finding& f) { points[f.image] = f.x_adv.to_doubles(); };
          return std::pair{attempt.broken(attacks[i]), points};
        };
        const auto here = handed_out(backend(GetParam())), there = handed_out(backend("cpu"));
        EXPECT_EQ(here.first, there.first);
        for (const auto& [image, point] : there.second)
          EXPECT_LT(relative_error(here.second.at(image), point), 1e-9) << "image " << image;
      }
    }
}

TEST(SharedWindows, HaveOneSignForAllImagesInLinfAndTheImagesOwnInL2) {
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    Backend& machine = backend("cpu");
    Slots slots(machine, {2, 20, 20, 3}, DType::f64);
    machine.fill(slots.x, 0.5);
    for (const std::int32_t image : {4, 9}) slots.runs.push_back({.image = image, .label = 0});
    Square attack(slots, {norm, 0.1, 3}, 100, true);
    for (Index slot = 0; slot < 2; ++slot) attack.begin(slot);
    machine.copy(slots.x_adv.images(1, 1), slots.x_adv.images(0, 1));  // the same start for both
    std::vector<double> gradient(2);
    int different = 0;
    for (int look = 0; look < 80; ++look) {  // of which none but the first is better
      for (Index slot = 0; slot < 2; ++slot) attack.judge(slot, std::vector{1.0, 0.0}, gradient);
      attack.advance({});
      const auto first = slots.x_adv.images(0, 1).to_doubles(),
                 second = slots.x_adv.images(1, 1).to_doubles();
      different += first != second;
      for (std::size_t i = 0; i < first.size(); ++i)  // the second window is emptied
        ASSERT_EQ(first[i] == 0.5, second[i] == 0.5) << i;
    }
    if (norm == Norm::linf)
      EXPECT_EQ(different, 0);
    else
      EXPECT_GT(different, 50);
  }
}

}  // namespace
}  // namespace robmask
