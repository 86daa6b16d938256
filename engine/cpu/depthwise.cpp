#include "engine/cpu/depthwise.h"

#include "engine/cpu/vector.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// The product cut into tiles of some written pixels × three vectors of channels: a weight is
/// loaded once for all pixels of a tile.
template <class T>
class DepthwiseTiles {
 public:
  explicit DepthwiseTiles(const DepthwiseProduct<T>& product)
      : p_(product), zeros_(product.channels, T(0)) {}

  void run() const {
    const Index pixels = p_.taps.pixels(), chunks = (pixels + chunk - 1) / chunk;
    const Index work = p_.images * pixels * p_.channels * std::max<Index>(p_.taps.count(), 1);
    parallel(p_.images * chunks, work, [&](Index task) {
      const Index image = task / chunks, first = task % chunks * chunk;
      const Index last = std::min(first + chunk, pixels);
      std::vector<const T*> reads(p_.taps.count() * R);
      for (Index p = first; p < last; p += R)
        run_tile(image, p, std::min<Index>(R, last - p), reads.data());
    });
  }

 private:
  /// Pixels and vectors of channels of a tile, and pixels of a task.
  static constexpr int R = 4, V = 3;
  static constexpr Index chunk = 64;

  /// All channels of the first `rows` pixels from p on; `reads` is room for what its taps read.
  void run_tile(Index image, Index p, Index rows, const T** reads) const {
    const Index end = p_.channels;
    const Taps& taps = p_.taps;
    const T* const from = p_.read.data + image * p_.read.image;
    for (Index t = 0; t < taps.count(); ++t)
      for (int i = 0; i < R; ++i) {
        const int pixel = i < rows ? taps.read[t * taps.pixels() + p + i] : -1;
        reads[t * R + i] = pixel < 0 ? zeros_.data() : from + pixel * p_.read.pitch;
      }
    Index c = 0;
    for (; c + V * lanes<T> <= end; c += V * lanes<T>) sum_vectors<V>(image, p, rows, c, reads);
    for (; c + lanes<T> <= end; c += lanes<T>) sum_vectors<1>(image, p, rows, c, reads);
    if (c < end) sum_rest(image, p, rows, c, end - c, reads);
    if (p_.written.is_plain()) return;
    for (Index i = 0; i < rows; ++i)
      p_.written.finish(image * p_.pixels + taps.written[p + i], 0, end);
  }

  T* written(Index image, Index p, Index c) const {
    const PixelView<T>& to = p_.written.to;
    return to.data + image * to.image + p_.taps.written[p] * to.pitch + c;
  }
  const T* weight(Index t, Index c) const {
    return p_.weight + p_.taps.weight[t] * p_.weight_pitch + c;
  }

  /// written[p…][c…] (+)= Σ over taps, of v vectors.
  template <int v>
  [[gnu::noinline]] void sum_vectors(Index image, Index p, Index rows, Index c,
                                     const T* const* reads) const {
    // All loops over the tile have constant bounds, so that it stays in registers.
    Vector<T> sum[R][v] = {};
    if (p_.written.add)
      for (int i = 0; i < R; ++i)
        for (int j = 0; j < v; ++j)
          if (i < rows) sum[i][j] = load(written(image, p + i, c) + j * lanes<T>);
    for (Index t = 0; t < p_.taps.count(); ++t, reads += R) {
      const T* w = weight(t, c);
      Vector<T> factor[v];
      for (int j = 0; j < v; ++j) factor[j] = load(w + j * lanes<T>);
      for (int i = 0; i < R; ++i) {
        const T* x = reads[i] + c;
        for (int j = 0; j < v; ++j) sum[i][j] += load(x + j * lanes<T>) * factor[j];
      }
    }
    for (int i = 0; i < R; ++i)
      for (int j = 0; j < v; ++j)
        if (i < rows) store(written(image, p + i, c) + j * lanes<T>, sum[i][j]);
  }

  /// The same of fewer channels than a vector has.
  void sum_rest(Index image, Index p, Index rows, Index c, Index count,
                const T* const* reads) const {
    for (Index i = 0; i < rows; ++i) {
      T* y = written(image, p + i, c);
      if (!p_.written.add) std::fill_n(y, count, T(0));
      for (Index t = 0; t < p_.taps.count(); ++t) {
        const T *x = reads[t * R + i] + c, *w = weight(t, c);
#pragma omp simd
        for (Index k = 0; k < count; ++k) y[k] += x[k] * w[k];
      }
    }
  }

  const DepthwiseProduct<T>& p_;
  std::vector<T> zeros_;  // what taps outside the map read
};

}  // namespace

template <class T>
void multiply_depthwise(const DepthwiseProduct<T>& product) {
  DepthwiseTiles<T>(product).run();
}

template void multiply_depthwise(const DepthwiseProduct<float>&);
template void multiply_depthwise(const DepthwiseProduct<double>&);

}  // namespace robmask::ROBMASK_ISA
