#include "tests/reference/view.h"

namespace robmask {

void ReferenceBackend::average_pool(Tensor y, Tensor x, const Window& window) {
  const Index k = window.kernel;
  dispatch_maps(y.dtype(), x.dtype(), [&]<class To, class From>() {
    const View<To> out(y);
    const View<From> in(x);
    for_each(y.shape(), [&](Index n, Index h, Index w, Index c) {
      double sum = 0;
      for_each_pixel({1, k, k, 1},
                     [&](Index i, Index j) { sum += in(n, h * k + i, w * k + j, c); });
      out(n, h, w, c) = static_cast<To>(sum / static_cast<double>(k * k));
    });
  });
}

void ReferenceBackend::average_pool_gradient(Sink dx, Tensor dy, const Window& window) {
  const Index k = window.kernel;
  dispatch_maps(dx.to.dtype(), dy.dtype(), [&]<class To, class From>() {
    const SinkView<To> out(dx);
    const View<From> g(dy);
    for_each(dx.to.shape(), [&](Index n, Index h, Index w, Index c) {
      const bool inside = h / k < dy.shape().h && w / k < dy.shape().w;
      out.put(n, h, w, c, inside ? g(n, h / k, w / k, c) / static_cast<double>(k * k) : 0.0);
    });
  });
}

void ReferenceBackend::max_pool(Tensor y, Tensor argmax, Tensor x, const Window& window) {
  dispatch_map(y.dtype(), [&]<class T>() {
    const View<T> out(y), in(x);
    const View<std::int32_t> chosen(argmax);
    for_each(y.shape(), [&](Index n, Index h, Index w, Index c) {
      bool first = true;
      for_each_pixel({1, window.kernel, window.kernel, 1}, [&](Index ky, Index kx) {
        const Index i = h * window.stride + ky - window.pad;
        const Index j = w * window.stride + kx - window.pad;
        if (i < 0 || i >= x.shape().h || j < 0 || j >= x.shape().w) return;
        const T value = in(n, i, j, c);
        const bool better = value > out(n, h, w, c) || value != value;  // a NaN wins, as in PyTorch
        if (!first && !better) return;
        out(n, h, w, c) = value;
        chosen(n, h, w, c) = static_cast<std::int32_t>(i * x.shape().w + j);
        first = false;
      });
    });
  });
}

void ReferenceBackend::max_pool_gradient(Sink dx, Tensor dy, Tensor argmax, const Window&) {
  dispatch_map(dy.dtype(), [&]<class T>() {
    const SinkView<T> out(dx);
    const View<T> g(dy);
    const View<std::int32_t> chosen(argmax);
    for_each(dx.to.shape(), [&](Index n, Index i, Index j, Index c) {
      double sum = 0;
      for_each_pixel(dy.shape(), [&](Index h, Index w) {
        if (chosen(n, h, w, c) == i * dx.to.shape().w + j) sum += g(n, h, w, c);
      });
      out.put(n, i, j, c, sum);
    });
  });
}

}  // namespace robmask
