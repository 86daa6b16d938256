#include "attacks/starts.h"

#include <algorithm>
#include <cmath>

namespace robmask {

namespace {

double length(const std::vector<double>& values) {
  double squares = 0;
  for (const double v : values) squares += v * v;
  return std::sqrt(squares);
}

void scale(std::vector<double>& values, double factor) {
  for (double& v : values) v *= factor;
}

double sign(const Stream& stream, Index i) {
  return random_uniform<double>(stream, static_cast<std::uint32_t>(i)) < 0.5 ? -1 : 1;
}

/// A positive bump of height × width and length 1: around the pixel in the middle, pyramids of
/// 1/(k+1)² over all that is at most k away from it. So it falls off with the distance
/// d = max(|h − row|, |w − column|) as Σ_{k ≥ d} 1/(k+1)².
std::vector<double> half_bump(Index height, Index width) {
  const Index row = height / 2, column = width / 2, rings = std::max(row, column) + 1;
  std::vector<double> at_least(rings + 1, 0.0);  // Σ of the pyramids from k on
  for (Index k = rings - 1; k >= 0; --k)
    at_least[k] = at_least[k + 1] + 1.0 / static_cast<double>((k + 1) * (k + 1));
  std::vector<double> values(height * width);
  for (Index h = 0; h < height; ++h)
    for (Index w = 0; w < width; ++w)
      values[h * width + w] = at_least[std::max(std::abs(h - row), std::abs(w - column))];
  scale(values, 1 / length(values));
  return values;
}

}  // namespace

Stream start_stream(const Terms& terms, std::uint64_t kind, const Run& run) {
  return {.seed = terms.seed,
          .purpose = Purpose::attack_start,
          .branch = static_cast<std::uint32_t>(run.number),
          .step = kind,
          .image = static_cast<std::uint32_t>(run.image)};
}

Perturbation boundary_start(const Stream& stream, Norm norm, double eps, Index count) {
  // L∞: t ~ U(−1,1), δ = ε·t/‖t‖_∞; L2: t ~ N(0,1), δ = ε·t/‖t‖_2
  Perturbation delta(count);
  double size = 0;
  for (Index i = 0; i < count; ++i) {
    const auto k = static_cast<std::uint32_t>(i);
    delta[i] =
        norm == Norm::linf ? 2 * random_uniform<double>(stream, k) - 1 : random_normal(stream, k);
    size = std::max(size, std::abs(delta[i]));
  }
  if (norm == Norm::l2) size = length(delta);
  scale(delta, eps / size);
  return delta;
}

std::vector<double> bump(Index side, bool transposed) {
  // η: a half bump above the negative of another, the upper of ⌊side/2⌋ rows; then η/‖η‖_2
  const Index upper = side / 2;
  std::vector<double> values = half_bump(upper, side);
  for (const double v : half_bump(side - upper, side)) values.push_back(-v);
  scale(values, 1 / length(values));
  if (!transposed) return values;
  std::vector<double> turned(values.size());
  for (Index h = 0; h < side; ++h)
    for (Index w = 0; w < side; ++w) turned[w * side + h] = values[h * side + w];
  return turned;
}

namespace {

Perturbation stripes(const Stream& stream, double eps, const Shape& image) {
  // Each row is the same: ±ε for each column and channel
  Perturbation delta;
  for (Index h = 0; h < image.h; ++h)
    for (Index i = 0; i < image.w * image.c; ++i) delta.push_back(eps * sign(stream, i));
  return delta;
}

Perturbation tiles(const Stream& bumps, const Stream& signs, double eps, const Shape& image) {
  // Tiles of a fifth of the height; what five of them do not cover is left free on both sides.
  const Index side = std::max<Index>(image.h / 5, 1);
  const Index border = std::max<Index>((image.h - 5 * side) / 2, 0);
  Perturbation delta(image.pixels() * image.c, 0.0);
  Index drawn = 0;
  for (Index top = border; top + side <= image.h; top += side)
    for (Index left = border; left + side <= image.w; left += side) {
      const std::vector<double> eta = bump(side, sign(bumps, drawn++) > 0);
      for (Index c = 0; c < image.c; ++c) {
        const double s = sign(signs, drawn++);
        for (Index h = 0; h < side; ++h)
          for (Index w = 0; w < side; ++w)
            delta[((top + h) * image.w + left + w) * image.c + c] = s * eta[h * side + w];
      }
    }
  if (const double size = length(delta); size > 0) scale(delta, eps / size);
  return delta;
}

}  // namespace

Perturbation square_start(const Stream& bumps, const Stream& signs, Norm norm, double eps,
                          const Shape& image) {
  return norm == Norm::linf ? stripes(signs, eps, image) : tiles(bumps, signs, eps, image);
}

void put_start(const Slots& slots, Index slot, const Perturbation& perturbation) {
  std::vector<double> values = slots.x.images(slot, 1).to_doubles();
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::clamp(values[i] + perturbation[i], 0.0, 1.0);
  const Tensor row = slots.x_adv.images(slot, 1);
  slots.machine().copy(row, make_tensor(slots.machine(), row.shape(), slots.dtype(), values));
}

}  // namespace robmask
