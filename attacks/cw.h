#pragma once
// The L2 attack of Carlini & Wagner ("Towards evaluating the robustness of neural networks", 2017,
// §VI): the least perturbation that is misclassified. With x_adv = (1 + tanh w)/2, which lies in
// [0,1], Adam minimizes over w
//   ‖x_adv − x‖² + c·max(z_label − max_{i ≠ label} z_i, 0),
// and a search over c balances the two terms for each image.

#include "attacks/attack.h"

namespace robmask {

/// A run is `searches` minimizations of `iterations` steps. c begins at 0.001; tenfold, until one
/// succeeds, then halfway between the largest c that failed and the least that did not.
class Cw : public Attack {
 public:
  static constexpr Index searches = 9;
  static constexpr double rate = 0.01;  // of Adam

  /// L2 only. A run hands out its nearest point within eps at its end, unless terms say otherwise.
  Cw(Slots& slots, const Terms& terms, Index iterations);

  void begin(Index slot) override;
  bool wants_gradient() const override { return true; }
  RunStatus judge(Index slot, Logits z, LogitGradient gradient) override;
  void advance(const Tensor& gradient) override;
  void move(Index from, Index to) override;
  Index looks() const override { return searches * (iterations_ + 1); }
  Index iteration(Index slot) const override { return states_[slot].handed_out; }

 private:
  struct State {
    Index looks, search, step;  // in all; which minimization, and its step
    double c, low, high;        // low failed, high succeeded
    double length;              // ‖x_adv − x‖
    bool succeeded;             // in this minimization
    Index handed_out;           // the look at the point that is handed out
  };
  void begin_search(Index slot);

  Slots& slots_;
  Terms terms_;
  Index iterations_;
  Tensor w_, mean_, square_;  // Adam's means of gradients and of their squares
  std::vector<State> states_;
  Strongest best_;  // the nearest, or the strongest if that is wanted
};

}  // namespace robmask
