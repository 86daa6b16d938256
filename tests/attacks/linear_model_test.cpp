// Attacks on a linear network, whose robust accuracy is known exactly: an image stands if no class
// gains more on its own, over the ball cut with [0,1], than its margin.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "attacks/apgd.h"
#include "attacks/driver.h"
#include "attacks/fab.h"
#include "attacks/pgd_attack.h"
#include "attacks/square.h"
#include "engine/ops.h"

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

/// What `make` finds in the ball, with 7 slots; checks that it lies in the ball and in [0,1].
std::set<std::int32_t> broken(const Linear& model, const Terms& terms, Index targets,
                              Index restarts,
                              const std::function<std::unique_ptr<Attack>(Slots&)>& make) {
  Backend& machine = backend("cpu");
  const Tensor x = make_tensor(machine, {images, size, size, channels}, model.pixels);
  const Variable w(make_tensor(machine, {size, size, channels, model.classes}, model.weights));
  const Classifier classify = [&](const Variable& v) { return conv2d(v, w, {.kernel = size}); };
  const std::vector<double> z = classify(Variable(x)).value().to_doubles();
  std::deque<Victim> queue;
  for (Index n = 0; n < images; ++n) {
    Victim v{static_cast<std::int32_t>(n), model.labels[n],
             std::vector<std::int32_t>(restarts, -1)};
    if (targets > 0)
      v.targets =
          runners_up({&z[n * model.classes], static_cast<std::size_t>(model.classes)}, targets);
    queue.push_back(v);
  }
  Slots slots(machine, {7, size, size, channels}, DType::f64);
  const auto attack = make(slots);
  std::set<std::int32_t> found;
  Index reported = 0;
  drive(
      *attack, slots, queue, classify,
      [&](const std::vector<std::int32_t>& ids) {
        const Tensor batch(machine, {static_cast<Index>(ids.size()), size, size, channels},
                           DType::f64);
        for (std::size_t i = 0; i < ids.size(); ++i)
          machine.copy(batch.images(static_cast<Index>(i), 1), x.images(ids[i], 1));
        return batch;
      },
      [&](const std::vector<Finding>& findings) {
        for (const Finding& f : findings) {
          ++reported;
          if (f.broken()) found.insert(f.image);
          const Tensor distance(machine, {}, DType::f64);
          machine.distance(distance, f.x_adv, f.x, terms.norm);
          EXPECT_LE(distance.item(), terms.eps * (1 + 1e-12)) << "image " << f.image;
          for (const double pixel : f.x_adv.to_doubles()) EXPECT_TRUE(pixel >= 0 && pixel <= 1);
        }
      });
  EXPECT_EQ(reported, images);
  return found;
}

class OnLinearModel : public testing::TestWithParam<Norm> {
 protected:
  Linear model(Index classes) const { return {classes, linf() ? 0.0 : 0.3}; }
  bool linf() const { return GetParam() == Norm::linf; }
  Terms terms(const Linear& linear) const {
    return {GetParam(), dividing_eps(linear, GetParam()), 3};
  }
};
INSTANTIATE_TEST_SUITE_P(Norms, OnLinearModel, testing::Values(Norm::linf, Norm::l2),
                         [](const auto& norm) { return norm.param == Norm::linf ? "linf" : "l2"; });

LogitLoss ce() {
  return [](auto... arguments) { return cross_entropy(arguments...); };
}

TEST_P(OnLinearModel, UntargetedAttacksBreakExactlyWhatCanBeBrokenOfTwoClasses) {
  const Linear linear = model(2);
  const Terms terms = this->terms(linear);
  const auto truth = linear.breakable(GetParam(), terms.eps);
  ASSERT_EQ(truth.size(), images / 2);
  EXPECT_EQ(truth, broken(linear, terms, 0, 1,
                          [&](Slots& s) { return std::make_unique<Apgd>(s, terms, 50, ce(), 4); }));
  EXPECT_EQ(truth, broken(linear, terms, 0, 2, [&](Slots& s) {
              return std::make_unique<Fab>(s, terms, 50, 2, false, 2);
            }));
  for (const bool best : {false, true})
    for (const LogitLoss& loss : {ce(), LogitLoss(margin)})
      EXPECT_EQ(truth, broken(linear, terms, 0, 2, [&](Slots& s) {
                  return std::make_unique<PgdAttack>(
                      s, terms, PgdAttack::Plan{terms.eps / 4, 40, true, best, 2}, loss);
                }));
}

TEST_P(OnLinearModel, TargetedAttacksBreakExactlyWhatCanBeBrokenOfSixClasses) {
  const Linear linear = model(6);
  const Terms terms = this->terms(linear);
  const auto truth = linear.breakable(GetParam(), terms.eps);
  ASSERT_EQ(truth.size(), images / 2);
  EXPECT_EQ(truth, broken(linear, terms, 5, 1, [&](Slots& s) {
              return std::make_unique<Apgd>(s, terms, 50, targeted_dlr, 6);
            }));
  // FAB stays a little beyond the plane (η), so that of what can just be broken it may miss some.
  const auto found = broken(linear, terms, 5, 1, [&](Slots& s) {
    return std::make_unique<Fab>(s, terms, 50, 1, true, 6);
  });
  EXPECT_TRUE(std::ranges::includes(truth, found));
  EXPECT_TRUE(std::ranges::includes(found, linear.breakable(GetParam(), terms.eps / 1.05)));
}

TEST_P(OnLinearModel, SquareBreaksOnlyWhatCanBeBrokenAndAThirdOfItAtLeast) {
  const Linear linear = model(6);
  const Terms terms = this->terms(linear);
  const auto truth = linear.breakable(GetParam(), terms.eps);
  for (const bool shared : {false, true}) {
    const auto found = broken(linear, terms, 0, 1, [&](Slots& s) {
      return std::make_unique<Square>(s, terms, 500, shared);
    });
    EXPECT_TRUE(std::ranges::includes(truth, found));
    EXPECT_GT(found.size(), truth.size() / 3);
  }
}

}  // namespace
}  // namespace robmask
