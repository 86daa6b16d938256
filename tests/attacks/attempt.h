#pragma once
// Attacks on the linear network of linear_model.h, each image a victim.

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>

#include "attacks/apgd.h"
#include "attacks/cw.h"
#include "attacks/driver.h"
#include "attacks/fab.h"
#include "attacks/pgd_attack.h"
#include "attacks/square.h"
#include "engine/ops.h"
#include "tests/attacks/linear_model.h"

namespace robmask::linear_model {

/// Makes an attack at work in slots.
using Make = std::function<std::unique_ptr<Attack>(Slots&, const Terms&)>;

inline Make apgd(LogitLoss loss, std::uint64_t kind, Index iterations = 50) {
  return [=](Slots& s, const Terms& t) {
    return std::make_unique<Apgd>(s, t, iterations, loss, kind);
  };
}
inline Make fab(Index restarts, bool targeted, Index classes, Index iterations = 50) {
  return [=](Slots& s, const Terms& t) {
    return std::make_unique<Fab>(s, t, iterations, restarts, targeted, classes);
  };
}
inline Make pgd(LogitLoss loss, bool best, Index steps = 40) {
  return [=](Slots& s, const Terms& t) {
    return std::make_unique<PgdAttack>(s, t, PgdAttack::Settings{t.eps / 4, steps, true, best, 2},
                                       loss);
  };
}
inline Make square(Index queries, bool shared) {
  return [=](Slots& s, const Terms& t) { return std::make_unique<Square>(s, t, queries, shared); };
}
inline Make cw(Index iterations = 100) {
  return [=](Slots& s, const Terms& t) { return std::make_unique<Cw>(s, t, iterations); };
}

/// What a slot holds when a point is offered, or when its image is finished.
struct Found {
  std::int32_t image;
  Index iteration;
  bool broken;
  Tensor x, x_adv;
};

/// A linear model, its images and an attack in 7 slots on a machine.
class Attempt {
 public:
  Attempt(Backend& machine, const Linear& model, const Terms& terms)
      : machine_(machine),
        model_(model),
        terms_(terms),
        x_(make_tensor(machine, {images, size, size, channels}, model.pixels)) {}

  Index targets = 0, restarts = 1;  // target classes, if any
  std::function<std::vector<bool>(const std::vector<Found>&)> accept = {};
  OnLook on_look = {};
  std::function<void(const Found&)> on_finding = {};

  /// What `make` finds in the ball; checks that it lies in the ball and in [0,1].
  std::set<std::int32_t> broken(const Make& make) const {
    const Variable w(make_tensor(machine_, {size, size, channels, model_.classes}, model_.weights));
    const Classifier classify = [&](const Variable& v) { return conv2d(v, w, {.kernel = size}); };
    Slots slots(machine_, {7, size, size, channels}, DType::f64);
    const auto attack = make(slots, terms_);
    std::set<std::int32_t> found;
    Index reported = 0;
    const auto held = [&](const std::vector<Index>& which) {
      std::vector<Found> list;
      for (const Index slot : which)
        list.push_back({.image = slots.runs[slot].image,
                        .iteration = slots.runs[slot].iteration,
                        .broken = slots.runs[slot].broken,
                        .x = slots.x.images(slot, 1),
                        .x_adv = slots.x_adv.images(slot, 1)});
      return list;
    };
    Host host{.finished = [&](const std::vector<Index>& which) {
      for (const Found& f : held(which)) {
        ++reported;
        if (f.broken) found.insert(f.image);
        if (on_finding) on_finding(f);
        const Tensor distance(machine_, {}, DType::f64);
        machine_.distance(distance, f.x_adv, f.x, terms_.norm);
        EXPECT_LE(distance.item(), terms_.eps * (1 + 1e-12)) << "image " << f.image;
        for (const double pixel : f.x_adv.to_doubles()) EXPECT_TRUE(pixel >= 0 && pixel <= 1);
      }
    }};
    if (accept) host.accept = [&](const std::vector<Index>& which) { return accept(held(which)); };
    host.on_look = on_look;
    drive(*attack, slots, queue(classify(Variable(x_)).value().to_doubles()), classify,
          labelled(x_, {model_.labels.begin(), model_.labels.end()}), host);
    EXPECT_EQ(reported, images);
    return found;
  }

 private:
  std::deque<Run> queue(const std::vector<double>& z) const {
    const auto classes = static_cast<std::size_t>(model_.classes);
    std::deque<Run> queue;
    for (Index n = 0; n < images; ++n) {
      Run run{.image = static_cast<std::int32_t>(n),
              .label = model_.labels[n],
              .targets = std::vector<std::int32_t>(restarts, -1)};
      if (targets > 0) run.targets = runners_up({&z[n * classes], classes}, run.label, targets);
      queue.push_back(run);
    }
    return queue;
  }

  Backend& machine_;
  const Linear& model_;
  Terms terms_;
  Tensor x_;
};

/// Attacks in one norm. With linf images reach the ends of [0,1], with l2 the ball stays inside.
class OnLinearModel : public testing::TestWithParam<Norm> {
 protected:
  Backend& tested() const { return backend("cpu"); }
  Norm norm() const { return GetParam(); }
  Linear model(Index classes) const { return {classes, norm() == Norm::linf ? 0.0 : 0.3}; }
  Terms terms(const Linear& linear, HandOut hand_out = HandOut::first) const {
    return {norm(), dividing_eps(linear, norm()), 3, hand_out};
  }
};

}  // namespace robmask::linear_model
