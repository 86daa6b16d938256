#pragma once
// FAB (Croce & Hein, "Minimally distorted adversarial examples with a fast adaptive boundary
// attack", 2019), targeted and untargeted, after fra31/auto-attack. It walks along the boundary
// between two classes towards the image. The original looks for the nearest point and compares it
// with eps at the end; here a run may end at the first misclassified point within eps.

#include <optional>

#include "attacks/attack.h"

namespace robmask {

class Fab : public Attack {
 public:
  /// Untargeted, each iteration takes the class whose boundary is nearest, for `classes` − 1
  /// backward passes; else the run's target. The first of `restarts` runs begins at the image, the
  /// others at random.
  Fab(Slots& slots, const Terms& terms, Index iterations, Index restarts, bool targeted,
      Index classes);

  void begin(Index slot) override;
  bool wants_gradient() const override { return phase_ < boundaries_; }
  RunStatus judge(Index slot, Logits z, LogitGradient gradient) override;
  void advance(const Tensor& gradient) override;
  void move(Index from, Index to) override;
  Index looks() const override { return iterations_ * (boundaries_ + 1); }
  Index iteration(Index slot) const override { return states_[slot].iteration; }

 private:
  struct State {
    Index iteration;
    double value;            // z_c − z_label, and how far its linearized zero is
    double nearest, chosen;  // the least distance so far, and the value that goes with it
    bool outside;            // the point is misclassified
  };
  void note_boundary(const Tensor& gradient);

  Slots& slots_;
  Terms terms_;
  Index iterations_, restarts_;
  bool targeted_;
  /// A look a boundary with gradient, then one without at the new point. All slots are at the same
  /// phase: they begin and end after the last one.
  Index boundaries_, phase_ = 0;
  Tensor normal_;                // the gradient at the nearest boundary
  std::vector<double> lengths_;  // of x_adv − x, before the look without gradient
  std::vector<State> states_;
  std::optional<Strongest> strongest_;  // if wanted: of the points within eps
};

}  // namespace robmask
