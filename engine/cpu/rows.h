#pragma once
// Tensors as rows of channels, and the walks over them that the primitives share. All cores take
// part, in pieces that do not depend on how many there are.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "engine/cpu/cpu_backend.h"
#include "engine/threads.h"

namespace robmask::ROBMASK_ISA {

/// The rows of a tensor; an empty tensor has none. A tensor of one image serves every n, so shared
/// and per-image arguments are read in the same way.
template <class T>
struct Rows {
  T* data = nullptr;
  Index image = 0, pitch = 0;  // elements from one image, and from one pixel, to the next

  explicit Rows(const Tensor& t) {
    if (!t) return;
    data = t.data<T>();
    pitch = t.pitch();
    image = t.shape().n == 1 ? 0 : t.shape().pixels() * pitch;
  }
  /// The channels of pixel p of image n.
  T* operator()(Index n, Index p = 0) const { return data + n * image + p * pitch; }
  explicit operator bool() const { return data != nullptr; }
};

/// dz where z > 0, else 0. On the bits, since a choice between dz and 0 would become a masked load,
/// which waits for z and halves the speed, or a branch; and where g++ 12.2 unrolls it for AVX2 it may
/// become max(dz, 0).
template <class T>
T gated(T dz, T z) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return std::bit_cast<T>(std::bit_cast<Bits>(dz) & -static_cast<Bits>(z > T(0)));
}

template <class T>
T clip(T x) {
  return x < T(0) ? T(0) : x > T(1) ? T(1) : x;
}

/// The shape to walk through image by image: one long row an image where all are contiguous.
template <class... T>
Shape long_rows(const Shape& s, const Rows<T>&... t) {
  return ((t.pitch == s.c) && ...) ? Shape{s.n, 1, 1, s.pixels() * s.c} : s;
}

/// f(i) for i in [0, count); `elements` in all tell whether waking the threads pays.
template <class F>
void parallel(Index count, Index elements, const F& f) {
  if (elements >= 16384) return parallel_for(count, f);
  for (Index i = 0; i < count; ++i) f(i);
}

/// f(width, row, row, …) for each row of tensors of one shape. Where all are contiguous, longer
/// pieces take the place of rows: `f` must treat every element alike.
template <class F, class... T>
void each_row(const Shape& s, F f, Rows<T>... t) {
  constexpr Index piece = 16384;
  if (((t.pitch == s.c) && ...)) {
    parallel((s.count() + piece - 1) / piece, s.count(),
             [&](Index i) { f(std::min(piece, s.count() - i * piece), (t.data + i * piece)...); });
  } else {
    parallel(s.n, s.count(), [&](Index n) {
      for (Index p = 0; p < s.pixels(); ++p) f(s.c, t(n, p)...);
    });
  }
}

/// sums[i] = Σ over the pixels p of what add_row(p, block) adds to block[i]; `count` sums.
/// Sixteen rows at a time are added in T, their sums in double.
template <class T, class F>
void pixel_sums(double* sums, Index count, Index pixels, F add_row) {
  std::vector<T> block(count);
  std::fill_n(sums, count, 0.0);
  for (Index first = 0; first < pixels; first += 16) {
    std::fill(block.begin(), block.end(), T(0));
    const Index end = std::min(first + 16, pixels);
    for (Index p = first; p < end; ++p) add_row(p, block.data());
#pragma omp simd
    for (Index i = 0; i < count; ++i) sums[i] += block[i];
  }
}

/// Σ of row(p)(c) over the pixels p and channels c of an image, in double, in 16 interleaved lanes.
template <class Row>
double image_sum(Index pixels, Index channels, Row row) {
  constexpr Index lanes = 16;
  double sums[lanes] = {};
  for (Index p = 0; p < pixels; ++p) {
    const auto term = row(p);
    Index c = 0;
    for (; c + lanes <= channels; c += lanes) {
#pragma omp simd
      for (Index i = 0; i < lanes; ++i) sums[i] += term(c + i);
    }
    for (Index i = 0; c < channels; ++i, ++c) sums[i] += term(c);
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace robmask::ROBMASK_ISA
