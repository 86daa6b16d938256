#pragma once
// PGD in slots, for evaluation: FGSM, PGD with restarts, and, with the margin as its loss, the
// attack of Carlini & Wagner (2017) inside a ball as robustness papers use it. A run hands out one
// point, at its end.

#include "attacks/attack.h"
#include "engine/random.h"

namespace robmask {

class PgdAttack : public Attack {
 public:
  struct Settings {
    double step_size = 0;
    Index steps = 0;
    bool random_start = false;
    bool best = false;       // judge the point of highest loss; else the last one
    std::uint64_t kind = 0;  // tells the random starts of attacks apart
  };
  PgdAttack(Slots& slots, const Terms& terms, const Settings& settings, LogitLoss loss);

  void begin(Index slot) override;
  bool wants_gradient() const override;
  RunStatus judge(Index slot, Logits z, LogitGradient gradient) override;
  void advance(const Tensor& gradient) override;
  void move(Index from, Index to) override { states_[to] = states_[from]; }
  Index looks() const override { return settings_.steps + 1; }
  Index iteration(Index slot) const override { return states_[slot].first_wrong; }
  bool keeps_last() const override { return true; }

 private:
  struct State {
    Index iteration, first_wrong;
    double highest;        // loss
    bool improved, wrong;  // it grew at the last look; its point is misclassified
  };

  Slots& slots_;
  Terms terms_;
  Settings settings_;
  LogitLoss loss_;
  Tensor best_;  // if wanted
  std::vector<State> states_;
};

}  // namespace robmask
