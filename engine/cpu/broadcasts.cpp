// Maps whose extents may be 1: repeated, and summed over.

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// The pixels of a large map that belong to one pixel of a small one, whose extents are those of the
/// large one or 1: images first, then heights.
struct Extents {
  Shape small, large;

  /// The pixel of the small map to which pixel p of an image of the large one belongs.
  Index pixel(Index p) const {
    const Index h = small.h == 1 ? 0 : p / large.w, w = small.w == 1 ? 0 : p % large.w;
    return h * small.w + w;
  }
  /// How many rows belong to one, and which is the k-th that belongs to row r.
  Index count() const { return large.rows() / small.rows(); }
  Index row(Index r, Index k) const {
    const Index height = large.h / small.h, width = large.w / small.w;
    const Index n = r / small.pixels() + k / (height * width);
    const Index h = r / small.w % small.h + k / width % height;
    return (n * large.h + h) * large.w + r % small.w + k % width;
  }
};

/// y = [y +] factor·Σ x: each row by itself, in double.
template <class To, class From>
void sum_extents(const Sink& y, const Tensor& x, double factor) {
  const Extents extents{y.to.shape(), x.shape()};
  const Rows<To> to(y.to);
  const Rows<From> from(x);
  const Index rows = extents.small.rows(), count = extents.count(), channels = extents.small.c;
  parallel(rows, x.shape().count(), [&](Index r) {
    thread_local std::vector<double> sums;
    sums.assign(channels, 0.0);
    if (channels == x.shape().c) {
      for (Index k = 0; k < count; ++k) {
        const From* row = from(0, extents.row(r, k));
        double* sum = sums.data();
#pragma omp simd
        for (Index c = 0; c < channels; ++c) sum[c] += row[c];
      }
    } else {
      sums[0] = image_sum(count, x.shape().c, [&](Index k) {
        return [row = from(0, extents.row(r, k))](Index c) { return static_cast<double>(row[c]); };
      });
    }
    To* to_row = to(0, r);
    for (Index c = 0; c < channels; ++c)
      to_row[c] = static_cast<To>(y.add ? to_row[c] + factor * sums[c] : factor * sums[c]);
  });
}

}  // namespace

void CpuBackend::expand(Sink y, Tensor x) {
  const Extents extents{x.shape(), y.to.shape()};
  const Shape& s = y.to.shape();
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(y.to), from(x);
    parallel(s.n, s.count(), [&](Index n) {
      for (Index p = 0; p < s.pixels(); ++p) {
        T* y_ = to(n, p);
        const T* x_ = from(n, extents.pixel(p));
        if (x.shape().c == s.c) {
#pragma omp simd
          for (Index c = 0; c < s.c; ++c) y_[c] = y.add ? y_[c] + x_[c] : x_[c];
        } else {
#pragma omp simd
          for (Index c = 0; c < s.c; ++c) y_[c] = y.add ? y_[c] + *x_ : *x_;
        }
      }
    });
  });
}

void CpuBackend::sum_to(Sink y, Tensor x, double factor) {
  const Shape &s = y.to.shape(), &in = x.shape();
  dispatch(x.dtype(), [&]<class T>() {
    if (s.n == in.n || s.pixels() == in.pixels()) return sum_extents<T, T>(y, x, factor);
    // Few rows of many: each image by itself first, so that all cores take part.
    const Tensor sums(*this, s.with_images(in.n), DType::f64);
    sum_extents<double, T>({sums}, x, 1);
    sum_extents<T, double>(y, sums, factor);
  });
}

}  // namespace robmask::ROBMASK_ISA
