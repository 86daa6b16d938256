// Softmax of rows of channels; a warp takes a row. Sums are in double.

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/reduce.h"
#include "engine/cuda/tile.h"
#include "engine/cuda/warp_rows.h"
#include "engine/exponential.h"

namespace robmask::cuda {

namespace {

template <class T>
struct Softmax {
  static constexpr int threads = WarpRows::threads;
  WarpRows walk;
  Rows<T> y, x;

  GPU_DEVICE void operator()() const {
    const Index r = walk.row();
    if (r >= walk.count) return;
    const T* from = x(0, r);
    T top = from[0];
    for (Index c = WarpRows::lane(); c < walk.classes; c += gpu::warp_size)
      if (from[c] > top) top = from[c];
    top = warp_max(top);
    double sum = 0;
    for (Index c = WarpRows::lane(); c < walk.classes; c += gpu::warp_size)
      sum += decay(from[c] - top);
    const T factor = static_cast<T>(1 / warp_sum(sum));
    for (Index c = WarpRows::lane(); c < walk.classes; c += gpu::warp_size)
      y(0, r)[c] = decay(from[c] - top) * factor;
  }
};

/// dx_c = y_c·(dy_c − Σ dy·y)
template <class T>
struct SoftmaxGradient {
  static constexpr int threads = WarpRows::threads;
  WarpRows walk;
  Rows<T> dx, dy, y;
  bool add;

  GPU_DEVICE void operator()() const {
    const Index r = walk.row();
    if (r >= walk.count) return;
    const T *g = dy(0, r), *p = y(0, r);
    double sum = 0;
    for (Index c = WarpRows::lane(); c < walk.classes; c += gpu::warp_size)
      sum += static_cast<double>(g[c]) * p[c];
    const double mean = warp_sum(sum);
    for (Index c = WarpRows::lane(); c < walk.classes; c += gpu::warp_size)
      put(dx(0, r)[c], p[c] * (g[c] - mean), add);
  }
};

}  // namespace

void CudaBackend::softmax(Tensor y, Tensor x) {
  dispatch(x.dtype(), [&]<class T>() {
    walk_tiles(stream_, Softmax<T>{WarpRows(x.shape()), Rows<T>(y), Rows<T>(x)});
  });
}

void CudaBackend::softmax_gradient(Sink dx, Tensor dy, Tensor y) {
  dispatch(y.dtype(), [&]<class T>() {
    walk_tiles(stream_, SoftmaxGradient<T>{.walk = WarpRows(y.shape()),
                                           .dx = Rows<T>(dx.to),
                                           .dy = Rows<T>(dy),
                                           .y = Rows<T>(y),
                                           .add = dx.add});
  });
}

}  // namespace robmask::cuda
