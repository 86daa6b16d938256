#include "attacks/cw.h"

#include <algorithm>
#include <cmath>

namespace robmask {

namespace {

constexpr double inside = 0.999999;  // of the way from ½ to 0 or 1: where w is still finite

/// Adam's step size with the corrections for means that began at 0:
/// rate·√(1 − β_2^t) / (1 − β_1^t).
double adam_rate(Index step) {
  const auto t = static_cast<double>(step);
  return Cw::rate * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
}

}  // namespace

Cw::Cw(Slots& slots, const Terms& terms, Index iterations)
    : slots_(slots),
      terms_(terms),
      iterations_(iterations),
      w_(slots.make_rows()),
      mean_(slots.make_rows()),
      square_(slots.make_rows()),
      states_(slots.count()),
      best_(slots) {
  expect(terms.norm == Norm::l2, "the least perturbation is sought in L2");
}

void Cw::begin(Index slot) {
  states_[slot] = {.looks = -1,
                   .search = 0,
                   .step = 0,
                   .c = 1e-3,
                   .low = 0,
                   .high = HUGE_VAL,
                   .length = 0,
                   .succeeded = false,
                   .handed_out = -1};
  best_.begin(slot);
  begin_search(slot);
}

void Cw::begin_search(Index slot) {
  Backend& machine = slots_.machine();
  const Tensor x = slots_.x.images(slot, 1), x_adv = slots_.x_adv.images(slot, 1);
  // w ← artanh(2x − 1), so that x_adv = (1 + tanh w)/2 begins at x
  std::vector<double> w = x.to_doubles(), start = w;
  for (std::size_t i = 0; i < w.size(); ++i) {
    w[i] = std::atanh(inside * (2 * w[i] - 1));
    start[i] = (1 + std::tanh(w[i])) / 2;
  }
  machine.copy(w_.images(slot, 1), make_tensor(machine, x.shape(), slots_.dtype(), w));
  machine.copy(x_adv, make_tensor(machine, x.shape(), slots_.dtype(), start));
  for (const Tensor& moments : {mean_, square_}) machine.fill(moments.images(slot, 1), 0);
  const Tensor distance(machine, {}, slots_.dtype());
  machine.distance(distance, x_adv, x, terms_.norm);
  State& state = states_[slot];
  state.length = distance.item();
  state.step = 0;
  state.succeeded = false;
}

RunStatus Cw::judge(Index slot, Logits z, LogitGradient gradient) {
  const Run& run = slots_.runs[slot];
  State& state = states_[slot];
  const double gain = margin(z, run.label, run.target(), gradient);
  const bool wrong = predicted(z) != run.label, strongest = terms_.hand_out == HandOut::strongest;
  // ∇_z c·max(z_label − max_{i ≠ label} z_i, 0) = −c·∇_z margin, until misclassified
  for (double& g : gradient) g *= wrong ? 0 : -state.c;
  ++state.looks;
  state.succeeded |= wrong;
  const bool last = state.search + 1 == searches && state.step == iterations_;
  const bool counts = (wrong || strongest) && state.length <= terms_.eps;
  if (counts && best_.consider(slot, strongest ? gain : -state.length))
    state.handed_out = state.looks;
  if (terms_.hand_out == HandOut::checked) return {.found = counts, .over = last};
  if (last) best_.hand_out(slot);
  return {.found = last && best_.any(slot), .over = last};
}

void Cw::advance(const Tensor& gradient) {
  const Index active = slots_.active();
  const auto rows = [&](const Tensor& t) { return t.images(0, active); };
  Backend& machine = slots_.machine();
  // w ← w − Adam(∇_w (‖x_adv − x‖² + c·max(z_label − max_{i ≠ label} z_i, 0)))
  machine.cw_step(rows(slots_.x_adv), rows(w_), rows(mean_), rows(square_), rows(slots_.x),
                  gradient,
                  slots_.numbers([&](Index slot) { return adam_rate(states_[slot].step + 1); }));
  const Tensor distance(machine, {active, 1, 1, 1}, slots_.dtype());
  machine.distance(distance, rows(slots_.x_adv), rows(slots_.x), terms_.norm);
  const std::vector<double> lengths = distance.to_doubles();
  for (Index slot = 0; slot < active; ++slot) {
    State& state = states_[slot];
    state.length = lengths[slot];
    if (++state.step <= iterations_) continue;
    // This c is an upper bound if it succeeded, else a lower one: the next lies between them, or is
    // tenfold while there is no upper one
    (state.succeeded ? state.high : state.low) = state.c;
    state.c = std::isinf(state.high) ? 10 * state.c : (state.low + state.high) / 2;
    ++state.search;
    begin_search(slot);
  }
}

void Cw::move(Index from, Index to) {
  states_[to] = states_[from];
  best_.move(from, to);
}

}  // namespace robmask
