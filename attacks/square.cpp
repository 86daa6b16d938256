#include "attacks/square.h"

#include <algorithm>
#include <cmath>

#include "attacks/starts.h"

namespace robmask {

// Letters and steps are those of Algorithm 1 (random search) and of 2 and 3 (what L∞ and L2
// propose): x̂ is the best point so far, ℓ* its loss, h the side of the windows.

namespace {

constexpr std::uint64_t starts = 200;

/// The numbers drawn for one proposal.
struct Draws {
  Stream stream;

  double uniform(std::uint32_t i) const { return random_uniform<double>(stream, i); }
  /// 0 … size − side − 1, so that a window smaller than the image never touches its last row or
  /// column: what the original draws.
  std::int32_t offset(std::uint32_t i, Index size, Index side) const {
    return static_cast<std::int32_t>(static_cast<double>(size - side) * uniform(i));
  }
  double sign(std::uint32_t i) const { return uniform(i) < 0.5 ? -1 : 1; }
  Draws of(std::uint32_t image) const {
    Draws own = *this;
    own.stream.image = image;
    return own;
  }
};

}  // namespace

double square_share(Index iteration) {
  // Halved after these iterations: the schedule of the authors' program for 10,000 queries
  double p = 0.8;
  for (const Index end : {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000})
    if (iteration > end) p /= 2;
  return p;
}

Index square_side(Index iteration, Norm norm, const Shape& image) {
  // h^(i): the integer closest to √(p·w²) in images of w × w pixels; at least 1
  const double pixels = square_share(iteration) * static_cast<double>(image.pixels());
  Index side = std::max<Index>(static_cast<Index>(std::nearbyint(std::sqrt(pixels))),
                               norm == Norm::l2 ? 3 : 1);
  if (norm == Norm::l2) side |= 1;
  return std::min({side, image.h, image.w});
}

Square::Square(Slots& slots, const Terms& terms, Index queries, bool shared)
    : slots_(slots),
      terms_(terms),
      queries_(queries),
      shared_(shared),
      best_(slots.make_rows()),
      states_(slots.count()) {}

void Square::begin(Index slot) {
  const Run& run = slots_.runs[slot];
  // x̂ ← init(x)
  const Stream signs = start_stream(terms_, starts, run);
  Stream bumps = signs;
  bumps.image = owner_of_windows(run);
  put_start(slots_, slot, square_start(bumps, signs, terms_.norm, terms_.eps, slots_.x.shape()));
  states_[slot] = {.iteration = -1, .margin = HUGE_VAL, .accepted = false};
}

RunStatus Square::judge(Index slot, Logits z, LogitGradient gradient) {
  const Run& run = slots_.runs[slot];
  State& state = states_[slot];
  // ℓ_new ← L(f(x̂_new), y), the margin z_y − max_{i ≠ y} z_i
  const double found = -margin(z, run.label, run.target(), gradient);
  ++state.iteration;
  // If ℓ_new < ℓ*: x̂ ← x̂_new (in advance), ℓ* ← ℓ_new
  state.accepted = found < state.margin;
  if (state.accepted) state.margin = found;
  const bool last = state.iteration == queries_;
  if (terms_.hand_out != HandOut::strongest)  // the original lets go of an image also on a tie
    return {.found = predicted(z) != run.label,
            .over = last || (found <= 0 && terms_.hand_out == HandOut::first)};
  if (last && !state.accepted)
    slots_.machine().copy(slots_.x_adv.images(slot, 1), best_.images(slot, 1));
  return {.found = last, .over = last};
}

std::uint32_t Square::owner_of_windows(const Run& run) const {
  return shared_ ? 0 : static_cast<std::uint32_t>(run.image);
}

const std::vector<double>& Square::bump_of(Index side, bool transposed) {
  const auto [at, fresh] = bumps_.try_emplace({side, transposed});
  if (fresh) at->second = bump(side, transposed);
  return at->second;
}

void Square::advance(const Tensor&) {
  // Draws of a proposal: 0 … 3 the windows' offsets, 4 whether η is transposed, then signs.
  const Index active = slots_.active();
  const Shape& s = slots_.x.shape();
  Backend& machine = slots_.machine();
  const Tensor best = best_.images(0, active), x_adv = slots_.x_adv.images(0, active);
  // x̂ ← x̂_new where it was accepted
  machine.approach(best, x_adv,
                   slots_.numbers([&](Index slot) { return states_[slot].accepted ? 1 : 0; }));

  std::vector<std::int32_t> place;
  std::vector<double> sign;
  std::vector<const std::vector<double>*> bumps;
  Index widest = 1;
  for (Index slot = 0; slot < active; ++slot) {
    const Run& run = slots_.runs[slot];
    const Index iteration = states_[slot].iteration;
    const Draws draws{{.seed = terms_.seed,
                       .purpose = Purpose::square,
                       .branch = static_cast<std::uint32_t>(run.number),
                       .step = static_cast<std::uint64_t>(iteration),
                       .image = owner_of_windows(run)}};
    const Draws signs =
        terms_.norm == Norm::l2 ? draws.of(static_cast<std::uint32_t>(run.image)) : draws;
    // h^(i), then r and s of the windows W_1 and W_2; L∞ has the first only
    const Index side = square_side(iteration, terms_.norm, s);
    place.push_back(static_cast<std::int32_t>(side));
    for (const std::uint32_t i : {0, 2})
      place.insert(place.end(), {draws.offset(i, s.h, side), draws.offset(i + 1, s.w, side)});
    // ρ ← Uniform({−1, 1}) of each channel
    for (Index c = 0; c < s.c; ++c) sign.push_back(signs.sign(static_cast<std::uint32_t>(5 + c)));
    // η or its transpose
    if (terms_.norm == Norm::l2) bumps.push_back(&bump_of(side, draws.sign(4) > 0));
    widest = std::max(widest, side);
  }
  std::vector<double> pattern(bumps.size() * widest * widest, 0.0);
  for (std::size_t slot = 0; slot < bumps.size(); ++slot) {
    const Index side = place[5 * slot];
    for (Index h = 0; h < side; ++h)
      std::copy_n(&(*bumps[slot])[h * side], side, &pattern[(slot * widest + h) * widest]);
  }
  Squares squares{make_tensor(machine, {active, 1, 1, 5}, place),
                  make_tensor(machine, {active, 1, 1, s.c}, slots_.dtype(), sign),
                  {}};
  if (terms_.norm == Norm::l2)
    squares.pattern = make_tensor(machine, {active, widest, widest, 1}, slots_.dtype(), pattern);
  // L∞: x̂_new ← P(x̂ + 2ε·ρ) inside the window, P to the ball and to [0,1]. L2, with ν = x̂ − x:
  //   ν_temp ← ρ·η/‖η‖ + ν_W1/‖ν_W1‖
  //   ε_avail ← √(‖ν_{W1 ∪ W2}‖² + (ε² − ‖ν‖²)/channels)
  //   ν_W2 ← 0, ν_W1 ← ε_avail·ν_temp/‖ν_temp‖, each channel on its own
  //   x̂_new ← x + ε·ν/‖ν‖, clipped to [0,1]
  machine.square_step(x_adv, best, slots_.x.images(0, active), squares, slots_.number(terms_.eps),
                      terms_.norm);
}

}  // namespace robmask
