#include "attacks/fab.h"

#include <cmath>

#include "attacks/starts.h"

namespace robmask {

// Letters and steps are those of Algorithm 1: c is the label, f the logits, π_s the hyperplane
// where the linearization of f_s − f_c at x^(i) vanishes, C = [0,1] for each pixel.

namespace {

constexpr double overshoot = 1.05;  // η
constexpr double alpha_max = 0.1;   // the largest share of the step from the image itself
constexpr double backward = 0.9;    // β: from a misclassified point back towards the image
constexpr std::uint64_t random_starts = 100;

/// The norm that measures gradients where steps are measured in `norm`: L1 and L2.
double dual_length(const std::vector<double>& values, Norm norm) {
  double sum = 0;
  for (const double v : values) sum += norm == Norm::linf ? std::abs(v) : v * v;
  return norm == Norm::linf ? sum : std::sqrt(sum);
}

}  // namespace

Fab::Fab(Slots& slots, const Terms& terms, Index iterations, Index restarts, bool targeted,
         Index classes)
    : slots_(slots),
      terms_(terms),
      iterations_(iterations),
      restarts_(restarts),
      targeted_(targeted),
      boundaries_(targeted ? 1 : classes - 1),
      normal_(slots.make_rows()),
      lengths_(slots.count()),
      states_(slots.count()) {
  if (terms.hand_out == HandOut::strongest) strongest_.emplace(slots);
}

void Fab::begin(Index slot) {
  const Run& run = slots_.runs[slot];
  const Shape& s = slots_.x.shape();
  phase_ = 0;  // runs begin after a look without gradient
  if (strongest_) strongest_->begin(slot);
  states_[slot] = {.iteration = 0, .value = 0, .nearest = HUGE_VAL, .chosen = 0, .outside = false};
  // x^(0) ← x_orig in the first run, else random with ‖x^(0) − x_orig‖ = ε/2, then clipped to C
  if (run.number % restarts_ == 0)
    slots_.machine().copy(slots_.x_adv.images(slot, 1), slots_.x.images(slot, 1));
  else
    put_start(slots_, slot,
              boundary_start(start_stream(terms_, random_starts, run), terms_.norm, terms_.eps / 2,
                             s.pixels() * s.c));
}

RunStatus Fab::judge(Index slot, Logits z, LogitGradient gradient) {
  const Run& run = slots_.runs[slot];
  State& state = states_[slot];
  if (wants_gradient()) {
    // f_l(x^(i)) − f_c(x^(i)), l the class of this phase, and its gradient
    const Index other = targeted_ ? run.target() : phase_ < run.label ? phase_ : phase_ + 1;
    state.value = difference(z, run.label, other, gradient);
    return {};
  }
  const bool last = ++state.iteration == iterations_, within = lengths_[slot] <= terms_.eps;
  state.outside = predicted(z) != run.label;  // x^(i+1) is not classified as c
  if (!strongest_) return {.found = state.outside && within, .over = last};
  if (within) strongest_->consider(slot, margin(z, run.label, run.target(), gradient));
  if (last) strongest_->hand_out(slot);
  return {.found = last && strongest_->any(slot), .over = last};
}

void Fab::move(Index from, Index to) {
  states_[to] = states_[from];
  if (strongest_) strongest_->move(from, to);
}

void Fab::note_boundary(const Tensor& gradient) {
  // s ← argmin_{l ≠ c} |f_l(x^(i)) − f_c(x^(i))| / ‖∇f_l(x^(i)) − ∇f_c(x^(i))‖_q, 1/p + 1/q = 1
  const Tensor nearer = slots_.numbers([&](Index slot) {
    State& state = states_[slot];
    const double length =
        targeted_ ? 0 : dual_length(gradient.images(slot, 1).to_doubles(), terms_.norm);
    const double distance = std::abs(state.value) / (1e-12 + length);
    if (!(distance < state.nearest)) return 0;
    state.nearest = distance;
    state.chosen = state.value;
    return 1;
  });
  slots_.machine().approach(normal_.images(0, slots_.active()), gradient, nearer);
}

void Fab::advance(const Tensor& gradient) {
  Backend& machine = slots_.machine();
  const Tensor x = slots_.x.images(0, slots_.active()),
               x_adv = slots_.x_adv.images(0, slots_.active());
  if (!wants_gradient()) {
    // x^(i+1) ← (1 − β)·x_orig + β·x^(i+1) where it is misclassified
    machine.approach(x_adv, x, slots_.numbers([&](Index slot) {
      return states_[slot].outside ? 1 - backward : 0;
    }));
    phase_ = 0;
    return;
  }
  note_boundary(gradient);
  if (++phase_ < boundaries_) return;
  // δ ← proj(x^(i), π_s, C), δ_orig ← proj(x_orig, π_s, C), the shortest steps to the hyperplane
  // α ← min(‖δ‖ / (‖δ‖ + ‖δ_orig‖), α_max)
  // x^(i+1) ← proj_C((1 − α)·(x^(i) + η·δ) + α·(x_orig + η·δ_orig))
  machine.fab_step(x_adv, x, normal_.images(0, slots_.active()),
                   slots_.numbers([&](Index slot) { return states_[slot].chosen; }), overshoot,
                   alpha_max, terms_.norm);
  // ‖x^(i+1) − x_orig‖, to be judged with the class of x^(i+1)
  const Tensor distance(machine, {slots_.active(), 1, 1, 1}, slots_.dtype());
  machine.distance(distance, x_adv, x, terms_.norm);
  const std::vector<double> lengths = distance.to_doubles();
  std::copy(lengths.begin(), lengths.end(), lengths_.begin());
  for (State& state : states_) state.nearest = HUGE_VAL;
}

}  // namespace robmask
