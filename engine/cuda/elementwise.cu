// Passes that treat every element, or every channel, alike.

#include <algorithm>

#include "engine/cuda/combine.h"
#include "engine/cuda/elements.h"

namespace robmask::cuda {

namespace {

template <class R>
struct Times {
  R factor;
  GPU_DEVICE R operator()(R a, R) const { return factor * a; }
};
template <class R>
struct Plus {
  GPU_DEVICE R operator()(R a, R b) const { return a + b; }
};
template <class R>
struct Product {
  GPU_DEVICE R operator()(R a, R b) const { return a * b; }
};
/// Not (a > 0 ? a : 0): a NaN must come through, or a run that diverged would look sound.
template <class R>
struct Clamp {
  GPU_DEVICE R operator()(R a, R) const { return R(0) > a ? R(0) : a; }
};
template <class R>
struct Gate {
  GPU_DEVICE R operator()(R a, R b) const { return b > R(0) ? a : R(0); }
};

template <class To, class From>
struct Affine {
  using R = Real<To>;
  Rows<To> y;
  Rows<From> x;
  Rows<R> scale, shift;
  bool add;
  GPU_DEVICE void operator()(Index r, Index c) const {
    To& to = y(0, r)[c];
    const R factor = scale.exists() ? scale(0)[c] : R(1);
    const R value = x(0, r)[c] * factor + (shift.exists() ? shift(0)[c] : R(0));
    to = static_cast<To>(add ? to + value : value);
  }
};

/// sums[chunk][c] = Σ x[r][c] over the rows of one chunk: eight threads a channel, then the eight.
template <class T>
struct ChunkSums {
  static constexpr int threads = 256, lanes = threads / gpu::warp_size;
  struct Shared {
    double sums[lanes][gpu::warp_size];
  };
  double* sums;
  Rows<T> x;
  Index rows, channels, rows_per_chunk;

  GPU_DEVICE void operator()() const {
    auto& s = gpu::shared<Shared>();
    const int column = gpu::thread() % gpu::warp_size, lane = gpu::thread() / gpu::warp_size;
    const Index c = Index{gpu::block().x} * gpu::warp_size + column;
    const Index chunk = gpu::block().y, first = chunk * rows_per_chunk;
    const Index end = first + rows_per_chunk < rows ? first + rows_per_chunk : rows;
    double sum = 0;
    if (c < channels)
      for (Index r = first + lane; r < end; r += lanes) sum += x(0, r)[c];
    s.sums[lane][column] = sum;
    gpu::barrier();
    if (lane > 0 || c >= channels) return;
    for (int i = 1; i < lanes; ++i) sum += s.sums[i][column];
    sums[chunk * channels + c] = sum;
  }
};

/// db[c] = [db[c] +] Σ sums[chunk][c], in order.
template <class T>
struct SumChunks {
  T* db;
  const double* sums;
  Index chunks, channels;
  bool add;
  GPU_DEVICE void operator()(Index, Index c) const {
    double sum = 0;
    for (Index i = 0; i < chunks; ++i) sum += sums[i * channels + c];
    db[c] = static_cast<T>(add ? db[c] + sum : sum);
  }
};

}  // namespace

void CudaBackend::scale(Sink y, Tensor x, double factor) {
  dispatch_map(x.dtype(), [&]<class T>() {
    combine<T>(stream_, Times<Real<T>>{static_cast<Real<T>>(factor)}, y, x, {});
  });
}

void CudaBackend::add(Tensor y, Tensor a, Tensor b) {
  dispatch_map(y.dtype(), [&]<class T>() { combine<T>(stream_, Plus<Real<T>>{}, {y}, a, b); });
}

void CudaBackend::multiply(Sink y, Tensor a, Tensor b) {
  dispatch_map(a.dtype(), [&]<class T>() { combine<T>(stream_, Product<Real<T>>{}, y, a, b); });
}

void CudaBackend::affine(Sink y, Tensor x, Tensor scale, Tensor shift) {
  dispatch_maps(y.to.dtype(), x.dtype(), [&]<class To, class From>() {
    using R = Real<To>;
    each_element(
        stream_, x.shape(),
        Affine<To, From>{Rows<To>(y.to), Rows<From>(x), Rows<R>(scale), Rows<R>(shift), y.add});
  });
}

void CudaBackend::bias_gradient(Sink db, Tensor dy) {
  // dy: N·H·W·C   db: C
  const Shape& s = dy.shape();
  // How many chunks depends on the shape alone, so the order of the sum does too.
  const Index chunks = std::clamp<Index>(s.rows() / 128, 1, 64);
  const Index rows_per_chunk = (s.rows() + chunks - 1) / chunks;
  const Tensor sums(*this, {chunks, 1, 1, s.c}, DType::f64);
  dispatch(dy.dtype(), [&]<class T>() {
    gpu::launch(stream_, {(s.c + gpu::warp_size - 1) / gpu::warp_size, chunks},
                ChunkSums<T>{sums.data<double>(), Rows<T>(dy), s.rows(), s.c, rows_per_chunk});
    each_element(stream_, {1, 1, 1, s.c},
                 SumChunks<T>{db.to.data<T>(), sums.data<double>(), chunks, s.c, db.add});
  });
}

void CudaBackend::relu(Tensor y, Tensor x) {
  dispatch_map(y.dtype(), [&]<class T>() { combine<T>(stream_, Clamp<Real<T>>{}, {y}, x, {}); });
}

void CudaBackend::relu_gradient(Sink dx, Tensor dy, Tensor y) {
  dispatch_map(y.dtype(), [&]<class T>() { combine<T>(stream_, Gate<Real<T>>{}, dx, dy, y); });
}

}  // namespace robmask::cuda
