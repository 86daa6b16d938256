// What an iteration of training does besides the network: the batch, and the update of the weights.

#include <array>

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// A stretch of one slot, short enough to share out.
template <class T>
struct Piece {
  T* value;
  const T* gradient;
  T* momentum;
  Index count;
};

template <class T>
std::vector<Piece<T>> pieces_of(std::span<const SgdSlot> slots) {
  constexpr Index longest = 16384;
  std::vector<Piece<T>> pieces;
  for (const auto& [value, gradient, momentum, working] : slots) {
    if (!gradient) continue;
    expect(!working, "a working copy of a weight on the CPU, which has no bf16");
    const Rows<T> w(value), g(gradient), v(momentum);
    const bool whole = value.contiguous() && gradient.contiguous() && momentum.contiguous();
    const Shape s = whole ? Shape{1, 1, 1, value.shape().count()} : value.shape();
    for (Index n = 0; n < s.n; ++n)
      for (Index p = 0; p < s.pixels(); ++p)
        for (Index c = 0; c < s.c; c += longest)
          pieces.push_back({w(n, p) + c, g(n, p) + c, v(n, p) + c, std::min(longest, s.c - c)});
  }
  return pieces;
}

}  // namespace

void CpuBackend::sgd_step(std::span<const SgdSlot> slots, Tensor rate, double momentum,
                          double decay) {
  dispatch(rate.dtype(), [&]<class T>() {
    const std::vector<Piece<T>> pieces = pieces_of<T>(slots);
    const T lr = *rate.data<T>(), keep = static_cast<T>(momentum), shrink = static_cast<T>(decay);
    Index elements = 0;
    for (const Piece<T>& piece : pieces) elements += piece.count;
    parallel(static_cast<Index>(pieces.size()), elements, [&](Index i) {
      const auto [w, g, v, count] = pieces[i];
#pragma omp simd
      for (Index k = 0; k < count; ++k) {
        v[k] = keep * v[k] + (g[k] + shrink * w[k]);
        w[k] -= lr * v[k];
      }
    });
  });
}

void CpuBackend::gather(Tensor batch, Tensor pixels, Tensor index, bool augment, Stream stream,
                        Tensor step) {
  // batch: N·H·W·C   pixels: M·H·W·C
  constexpr Index pad = 4;
  const Shape& s = batch.shape();
  const Rows<std::uint8_t> from(pixels);
  const Rows<std::int32_t> chosen(index);
  for (Index n = 0; n < s.n; ++n)
    expect(*chosen(n) >= 0 && *chosen(n) < pixels.shape().n, "image {} of {}", *chosen(n),
           pixels.shape().n);
  if (step) stream.step = static_cast<std::uint64_t>(*step.data<std::int64_t>());
  dispatch(batch.dtype(), [&]<class T>() {
    const Rows<T> to(batch);
    std::array<T, 256> value;
    for (int byte = 0; byte < 256; ++byte) value[byte] = static_cast<T>(byte) / T(255);
    parallel(s.n, s.count(), [&](Index n) {
      Index dy = pad, dx = pad;
      bool flip = false;
      if (augment) {
        Stream own = stream;
        own.image = static_cast<std::uint32_t>(*chosen(n));
        dy = static_cast<Index>(random_below(own, 0, 2 * pad + 1));
        dx = static_cast<Index>(random_below(own, 1, 2 * pad + 1));
        flip = random_below(own, 2, 2) == 1;
      }
      for (Index p = 0; p < s.pixels(); ++p) {
        const Index w = p % s.w, h = p / s.w + dy - pad;
        const Index column = (flip ? s.w - 1 - w : w) + dx - pad;
        T* y = to(n, p);
        if (h < 0 || h >= s.h || column < 0 || column >= s.w) {
          std::fill_n(y, s.c, T(0));
        } else {
          const std::uint8_t* x = from(*chosen(n), h * s.w + column);
          for (Index c = 0; c < s.c; ++c) y[c] = value[x[c]];
        }
      }
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
