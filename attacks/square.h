#pragma once
// Square (Andriushchenko et al., "Square attack: a query-efficient black-box adversarial attack via
// random search", 2020), without gradients, as AutoAttack runs it: the margin is driven down, p
// starts at 0.8 and its schedule is not rescaled to the number of queries.

#include <map>

#include "attacks/attack.h"

namespace robmask {

/// p, the share of an image's pixels that a window covers, at an iteration counted from 0.
double square_share(Index iteration);
/// The side of the window at an iteration. L2: odd and at least 3, unless the image is smaller.
Index square_side(Index iteration, Norm norm, const Shape& image);

class Square : public Attack {
 public:
  /// At most `queries` proposals after the start. `shared`: one window for all images at an
  /// iteration, with one sign for all (L∞) or one bump (L2), as in the original; else each image
  /// draws its own.
  Square(Slots& slots, const Terms& terms, Index queries, bool shared);

  void begin(Index slot) override;
  bool wants_gradient() const override { return false; }
  RunStatus judge(Index slot, Logits z, LogitGradient) override;
  void advance(const Tensor&) override;
  void move(Index from, Index to) override { states_[to] = states_[from]; }
  Index looks() const override { return queries_ + 1; }
  Index iteration(Index slot) const override { return states_[slot].iteration; }

 private:
  struct State {
    Index iteration;
    double margin;  // of the best point: z_label − the largest other logit
    bool accepted;  // the point looked at last
  };
  /// Whose random numbers place the windows of a run and turn its bumps.
  std::uint32_t owner_of_windows(const Run& run) const;
  const std::vector<double>& bump_of(Index side, bool transposed);

  Slots& slots_;
  Terms terms_;
  Index queries_;
  bool shared_;
  Tensor best_;
  std::vector<State> states_;
  std::map<std::pair<Index, bool>, std::vector<double>> bumps_;
};

}  // namespace robmask
