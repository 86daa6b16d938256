#include "attacks/apgd.h"

#include <algorithm>

#include "attacks/starts.h"

namespace robmask {

// Letters and steps are those of Algorithm 1: f is the loss, η the step size, P the projection to
// the ball and to [0,1].

namespace {

constexpr double momentum = 0.75;  // α: the share of the new direction
constexpr double rho = 0.75;       // ρ: of a window's iterations must raise the loss

Index share(double part, Index iterations) {
  return std::max<Index>(static_cast<Index>(part * static_cast<double>(iterations)), 1);
}

}  // namespace

// W: w_j = p_j·N with p_0 = 0, p_1 = 0.22, p_{j+1} = p_j + max(p_j − p_{j−1} − 0.03, 0.06) (§3.1),
// where each share of N is rounded down.
StepSizeChecks::StepSizeChecks(Index iterations)
    : first_(share(0.22, iterations)),
      shrink_(share(0.03, iterations)),
      least_(share(0.06, iterations)) {}

StepSize::StepSize(double first_step, const StepSizeChecks& checks, double first_loss)
    : step(first_step),
      best(first_loss),
      window_(checks.first_window()),
      best_at_check_(first_loss) {}

bool StepSize::improves(double loss) {
  // Counts for condition 1: Σ 1[f(x^(i+1)) > f(x^(i))]
  rises_ += loss > last_;
  last_ = loss;
  // If f(x^(k+1)) > f_max: f_max ← f(x^(k+1))
  if (!(loss > best)) return false;
  best = loss;
  return true;
}

bool StepSize::halves(const StepSizeChecks& checks) {
  // If k ∈ W:
  if (++iterations_ < window_) return false;
  // Condition 1: Σ 1[f(x^(i+1)) > f(x^(i))] over the window, at most ρ·(w_j − w_{j−1})
  const bool oscillates = static_cast<double>(rises_) <= rho * static_cast<double>(window_);
  // Condition 2: η^(w_{j−1}) = η^(w_j) and f_max^(w_{j−1}) = f_max^(w_j)
  const bool stuck = !halved_ && best_at_check_ >= best;
  halved_ = oscillates || stuck;
  best_at_check_ = best;
  if (halved_) step /= 2;  // η ← η/2
  window_ = checks.window_after(window_);
  iterations_ = rises_ = 0;
  return halved_;
}

Apgd::Apgd(Slots& slots, const Terms& terms, Index iterations, LogitLoss loss, std::uint64_t kind)
    : slots_(slots),
      terms_(terms),
      iterations_(iterations),
      checks_(iterations),
      loss_(loss),
      kind_(kind),
      previous_(slots.make_rows()),
      best_(slots.make_rows()),
      best_gradient_(slots.make_rows()),
      states_(slots.count(), State{0, StepSize(0, checks_, 0), false, false}) {}

void Apgd::begin(Index slot) {
  const Shape& s = slots_.x.shape();
  // x^(0), random on the boundary of the ball
  put_start(slots_, slot,
            boundary_start(start_stream(terms_, kind_, slots_.runs[slot]), terms_.norm, terms_.eps,
                           s.pixels() * s.c));
  slots_.machine().copy(previous_.images(slot, 1), slots_.x_adv.images(slot, 1));
  states_[slot].iteration = -1;
}

bool Apgd::wants_gradient() const {
  return std::any_of(states_.begin(), states_.begin() + slots_.active(),
                     [&](const State& state) { return state.iteration + 1 < iterations_; });
}

RunStatus Apgd::judge(Index slot, Logits z, LogitGradient gradient) {
  const Run& run = slots_.runs[slot];
  State& state = states_[slot];
  const double loss = loss_(z, run.label, run.target(), gradient);
  if (++state.iteration == 0) {
    // f_max ← f(x^(0)), x_max ← x^(0), η ← 2ε
    state = {0, StepSize(2 * terms_.eps, checks_, loss), true, false};
  } else {
    state.improved = state.step.improves(loss);
    state.halved = state.step.halves(checks_);
  }
  const bool last = state.iteration == iterations_;
  if (terms_.hand_out != HandOut::strongest)
    return {.found = predicted(z) != run.label, .over = last};
  // Output: x_max
  if (last && !state.improved)
    slots_.machine().copy(slots_.x_adv.images(slot, 1), best_.images(slot, 1));
  return {.found = last, .over = last};
}

void Apgd::advance(const Tensor& gradient) {
  const auto rows = [&](const Tensor& t) { return t.images(0, slots_.active()); };
  const auto where = [&](bool State::*flag) {
    return slots_.numbers([&](Index slot) { return states_[slot].*flag ? 1.0 : 0.0; });
  };
  Backend& machine = slots_.machine();
  const Tensor improved = where(&State::improved), halved = where(&State::halved);
  const Tensor x_adv = rows(slots_.x_adv), best = rows(best_), best_gradient = rows(best_gradient_);
  // x_max ← x^(k) where the loss is the highest yet; the gradient there is kept with it
  machine.approach(best, x_adv, improved);
  machine.approach(best_gradient, gradient, improved);
  // x^(k) ← x_max where η was halved
  machine.approach(x_adv, best, halved);
  machine.approach(gradient, best_gradient, halved);
  // z^(k+1) ← P(x^(k) + η·direction(∇f(x^(k))))
  // x^(k+1) ← P(x^(k) + α·(z^(k+1) − x^(k)) + (1 − α)·(x^(k) − x^(k−1))), where x^(1) = z^(1)
  machine.apgd_step(
      x_adv, rows(previous_), rows(slots_.x), gradient,
      slots_.numbers([&](Index slot) { return states_[slot].step.step; }),
      slots_.numbers([&](Index slot) { return states_[slot].iteration == 0 ? 1 : momentum; }),
      slots_.number(terms_.eps), terms_.norm);
}

}  // namespace robmask
