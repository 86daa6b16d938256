#include "attacks/apgd.h"

#include <algorithm>

#include "attacks/starts.h"

namespace robmask {

namespace {

constexpr double momentum = 0.75;  // the share of the new direction
constexpr double rho = 0.75;       // of a window's iterations must raise the loss

Index share(double part, Index iterations) {
  return std::max<Index>(static_cast<Index>(part * static_cast<double>(iterations)), 1);
}

}  // namespace

Checkpoints::Checkpoints(Index iterations)
    : first_(share(0.22, iterations)),
      shrink_(share(0.03, iterations)),
      least_(share(0.06, iterations)) {}

StepSize::StepSize(double first_step, const Checkpoints& checkpoints, double first_loss)
    : step(first_step),
      best(first_loss),
      window_(checkpoints.first_window()),
      best_at_check_(first_loss) {}

bool StepSize::improves(double loss) {
  rises_ += loss > last_;
  last_ = loss;
  if (!(loss > best)) return false;
  best = loss;
  return true;
}

bool StepSize::halves(const Checkpoints& checkpoints) {
  if (++iterations_ < window_) return false;
  const bool oscillates = static_cast<double>(rises_) <= rho * static_cast<double>(window_);
  const bool stuck = !halved_ && best_at_check_ >= best;
  halved_ = oscillates || stuck;
  best_at_check_ = best;
  if (halved_) step /= 2;
  window_ = checkpoints.window_after(window_);
  iterations_ = rises_ = 0;
  return halved_;
}

Apgd::Apgd(Slots& slots, const Terms& terms, Index iterations, LogitLoss loss, std::uint64_t kind)
    : slots_(slots),
      terms_(terms),
      iterations_(iterations),
      checkpoints_(iterations),
      loss_(loss),
      kind_(kind),
      previous_(slots.make_rows()),
      best_(slots.make_rows()),
      best_gradient_(slots.make_rows()),
      states_(slots.count(), State{0, StepSize(0, checkpoints_, 0), false, false}) {}

void Apgd::begin(Index slot) {
  const Shape& s = slots_.x.shape();
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

Outcome Apgd::judge(Index slot, Logits z, LogitGradient gradient) {
  const Run& run = slots_.runs[slot];
  State& state = states_[slot];
  const double loss = loss_(z, run.label, run.target(), gradient);
  if (++state.iteration == 0) {
    state = {0, StepSize(2 * terms_.eps, checkpoints_, loss), true, false};
  } else {
    state.improved = state.step.improves(loss);
    state.halved = state.step.halves(checkpoints_);
  }
  const bool last = state.iteration == iterations_;
  if (terms_.hand_out != HandOut::strongest)
    return {.found = predicted(z) != run.label, .over = last};
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
  machine.approach(best, x_adv, improved);
  machine.approach(best_gradient, gradient, improved);
  machine.approach(x_adv, best, halved);
  machine.approach(gradient, best_gradient, halved);
  machine.apgd_step(
      x_adv, rows(previous_), rows(slots_.x), gradient,
      slots_.numbers([&](Index slot) { return states_[slot].step.step; }),
      slots_.numbers([&](Index slot) { return states_[slot].iteration == 0 ? 1 : momentum; }),
      slots_.number(terms_.eps), terms_.norm);
}

}  // namespace robmask
