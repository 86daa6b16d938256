#pragma once
// APGD (Croce & Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse
// parameter-free attacks", 2020): PGD with momentum whose step size halves by itself. It follows
// fra31/auto-attack, also where that differs from the paper; a run may end at its first
// misclassified point, where the original goes on and keeps the last one.

#include "attacks/attack.h"

namespace robmask {

/// When the step size is looked at: after 0.22 of the iterations, then after windows that shrink by
/// 0.03 of them down to 0.06.
class StepSizeChecks {
 public:
  explicit StepSizeChecks(Index iterations);

  Index first_window() const { return first_; }
  Index window_after(Index window) const { return std::max(window - shrink_, least_); }

 private:
  Index first_, shrink_, least_;
};

/// The step size of one run, and what it depends on.
struct StepSize {
  StepSize(double first_step, const StepSizeChecks& checks, double first_loss);

  /// Takes in the loss after an iteration. Did the best one grow? Then `best` is it.
  bool improves(double loss);
  /// Is this iteration a checkpoint at which the step halves? At most 3/4 of the window's
  /// iterations raised the loss; or the best one is what it was at the checkpoint before, where
  /// nothing was halved. To be called once after each iteration's improves().
  bool halves(const StepSizeChecks& checks);

  double step, best;

 private:
  Index window_, iterations_ = 0, rises_ = 0;
  double last_ =
      0;  // the original compares the first iteration's loss with 0, not with the start's
  double best_at_check_;
  bool halved_ = true;
};

/// `iterations` iterations in which the loss of the logits grows.
class Apgd : public Attack {
 public:
  /// `kind` tells the random starts of attacks apart.
  Apgd(Slots& slots, const Terms& terms, Index iterations, LogitLoss loss, std::uint64_t kind);

  void begin(Index slot) override;
  bool wants_gradient() const override;
  RunStatus judge(Index slot, Logits z, LogitGradient gradient) override;
  void advance(const Tensor& gradient) override;
  void move(Index from, Index to) override { states_[to] = states_[from]; }
  Index looks() const override { return iterations_ + 1; }
  Index iteration(Index slot) const override { return states_[slot].iteration; }
  /// The step size of a slot's run.
  double step_size(Index slot) const { return states_[slot].step.step; }

 private:
  struct State {
    Index iteration;
    StepSize step;
    bool improved, halved;  // at the last look
  };

  Slots& slots_;
  Terms terms_;
  Index iterations_;
  StepSizeChecks checks_;
  LogitLoss loss_;
  std::uint64_t kind_;
  Tensor previous_, best_, best_gradient_;  // x_{k−1}; where the loss was highest
  std::vector<State> states_;
};

}  // namespace robmask
