// Passes that treat every element, or every channel, alike.

#include <algorithm>

#include "engine/cuda/elements.h"

namespace robmask::cuda {

namespace {

template <class T>
struct Scale {
  Rows<T> y, x;
  T factor;
  bool add;
  GPU_DEVICE void operator()(Index r, Index c) const {
    T& to = y(0, r)[c];
    const T value = factor * x(0, r)[c];
    to = add ? to + value : value;
  }
};

template <class T>
struct Add {
  Rows<T> y, a, b;
  GPU_DEVICE void operator()(Index r, Index c) const { y(0, r)[c] = a(0, r)[c] + b(0, r)[c]; }
};

template <class T>
struct Affine {
  Rows<T> y, x, scale, shift;
  bool add;
  GPU_DEVICE void operator()(Index r, Index c) const {
    T& to = y(0, r)[c];
    const T value = x(0, r)[c] * scale(0)[c] + (shift.exists() ? shift(0)[c] : T(0));
    to = add ? to + value : value;
  }
};

template <class T>
struct AddBias {
  Rows<T> y, b;
  GPU_DEVICE void operator()(Index r, Index c) const { y(0, r)[c] += b(0)[c]; }
};

// Not (x > 0 ? x : 0): a NaN must come through, or a run that diverged would look sound.
template <class T>
struct Relu {
  Rows<T> y, x;
  GPU_DEVICE void operator()(Index r, Index c) const {
    const T value = x(0, r)[c];
    y(0, r)[c] = T(0) > value ? T(0) : value;
  }
};

template <class T>
struct ReluGradient {
  Rows<T> dx, dy, y;
  bool add;
  GPU_DEVICE void operator()(Index r, Index c) const {
    T& to = dx(0, r)[c];
    const T value = y(0, r)[c] > T(0) ? dy(0, r)[c] : T(0);
    to = add ? to + value : value;
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
  dispatch(x.dtype(), [&]<class T>() {
    const Rows<T> to(y.to), from(x);
    each_element(stream_, flat(x.shape(), to, from),
                 Scale<T>{to, from, static_cast<T>(factor), y.add});
  });
}

void CudaBackend::add(Tensor y, Tensor a, Tensor b) {
  dispatch(y.dtype(), [&]<class T>() {
    const Rows<T> to(y), first(a), second(b);
    each_element(stream_, flat(y.shape(), to, first, second), Add<T>{to, first, second});
  });
}

void CudaBackend::affine(Sink y, Tensor x, Tensor scale, Tensor shift) {
  dispatch(x.dtype(), [&]<class T>() {
    each_element(stream_, x.shape(),
                 Affine<T>{Rows<T>(y.to), Rows<T>(x), Rows<T>(scale), Rows<T>(shift), y.add});
  });
}

void CudaBackend::add_bias(Tensor y, Tensor b) {
  dispatch(y.dtype(), [&]<class T>() {
    each_element(stream_, y.shape(), AddBias<T>{Rows<T>(y), Rows<T>(b)});
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
  dispatch(y.dtype(), [&]<class T>() {
    const Rows<T> to(y), from(x);
    each_element(stream_, flat(y.shape(), to, from), Relu<T>{to, from});
  });
}

void CudaBackend::relu_gradient(Sink dx, Tensor dy, Tensor y) {
  dispatch(y.dtype(), [&]<class T>() {
    const Rows<T> to(dx.to), from(dy), result(y);
    each_element(stream_, flat(y.shape(), to, from, result),
                 ReluGradient<T>{to, from, result, dx.add});
  });
}

}  // namespace robmask::cuda
