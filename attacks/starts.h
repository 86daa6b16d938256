#pragma once
// Where the attacks of AutoAttack begin. A start is drawn once a run, so the host draws it; its
// numbers depend on (seed, attack, run, image) only.

#include <vector>

#include "attacks/attack.h"
#include "engine/random.h"

namespace robmask {

/// A perturbation, one number an element of an image in the order H·W·C.
using Perturbation = std::vector<double>;

/// The stream of a run's start; `kind` tells attacks apart.
Stream start_stream(const Terms& terms, std::uint64_t kind, const Run& run);

/// On the boundary of the ball: L∞: uniform in the cube, scaled so that its largest element is eps;
/// L2: a normal vector scaled to length eps. APGD's start.
Perturbation boundary_start(const Stream& stream, Norm norm, double eps, Index count);

/// L∞: vertical stripes, eps times a sign for each column and channel. L2: a grid of tiles, each
/// the bump η times a sign for each channel, scaled to length eps. Square's start. What turns the
/// bumps is drawn from one stream, the signs from the other, which may be the same.
Perturbation square_start(const Stream& bumps, const Stream& signs, Norm norm, double eps,
                          const Shape& image);

/// η, the bump of Square's L2 windows, side × side row by row (Andriushchenko et al. 2020, §3.2): a
/// positive half above a negative one, each highest in its middle, of length 1; transposed: side by
/// side.
std::vector<double> bump(Index side, bool transposed);

/// Writes clip(x + perturbation) of a slot to x_adv.
void put_start(const Slots& slots, Index slot, const Perturbation& perturbation);

}  // namespace robmask
