// With i = h·stride + ky − pad and j = w·stride + kx − pad, inside its group of channels:
//   y(n,h,w,o) = Σ_{ky,kx,c} x(n,i,j,c) · w(ky,kx,c,o)
// The gradients are sums of the same products, collected at x or at w.

#include "tests/reference/view.h"

namespace robmask {

namespace {

/// f(n, h, w, o, i, j, c, ky, kx, cw) for every product in the sum above that does not fall on the
/// padding. `c` counts the channels of x, `cw` those of its group, as w does.
template <class F>
void for_each_product(const Shape& x, const Shape& y, const Window& window, F&& f) {
  const Index in_group = x.c / window.groups, out_group = y.c / window.groups;
  for_each(y, [&](Index n, Index h, Index w, Index o) {
    for (Index ky = 0; ky < window.kernel; ++ky)
      for (Index kx = 0; kx < window.kernel; ++kx) {
        const Index i = h * window.stride + ky - window.pad;
        const Index j = w * window.stride + kx - window.pad;
        if (i < 0 || i >= x.h || j < 0 || j >= x.w) continue;
        for (Index cw = 0; cw < in_group; ++cw)
          f(n, h, w, o, i, j, o / out_group * in_group + cw, ky, kx, cw);
      }
  });
}

/// Adds up in double what belongs to each element of a tensor.
class Sums {
 public:
  explicit Sums(const Shape& shape) : shape_(shape), values_(shape.count()) {}
  double& operator()(Index n, Index h, Index w, Index c) {
    return values_[((n * shape_.h + h) * shape_.w + w) * shape_.c + c];
  }
  template <class T>
  void store(const SinkView<T>& sink) {
    for_each(shape_, [&](auto... at) { sink.put(at..., (*this)(at...)); });
  }

 private:
  Shape shape_;
  std::vector<double> values_;
};

}  // namespace

namespace {

template <class T>
Sums convolved(const Tensor& x, const Tensor& w, const Shape& y, const Window& window) {
  const View<T> in(x), weight(w);
  Sums sums(y);
  for_each_product(x.shape(), y, window,
                   [&](Index n, Index h, Index v, Index o, Index i, Index j, Index c, Index ky,
                       Index kx, Index cw) {
                     sums(n, h, v, o) +=
                         static_cast<double>(in(n, i, j, c)) * weight(ky, kx, cw, o);
                   });
  return sums;
}

}  // namespace

void ReferenceBackend::conv2d(Tensor y, Tensor x, Tensor w, const Window& window, Moments*) {
  dispatch_map(y.dtype(),
               [&]<class T>() { convolved<T>(x, w, y.shape(), window).store(SinkView<T>({y})); });
}

void ReferenceBackend::conv2d_folded(Tensor z, Tensor x, Tensor w, const Window& window,
                                     const FoldedMask& mask) {
  dispatch_map(z.dtype(), [&]<class T>() {
    Sums sums = convolved<T>(x, w, z.shape(), window);
    const View<Real<T>> shift(mask.shift);
    for_each(z.shape(), [&](Index n, Index h, Index v, Index c) {
      double& sum = sums(n, h, v, c);
      sum += shift(0, 0, 0, c);
      if (mask.residual) sum += View<T>(mask.residual)(n, h, v, c);
      if (mask.relu) sum = std::max(sum, 0.0);
    });
    sums.store(SinkView<T>({z}));
  });
}

void ReferenceBackend::conv2d_input_gradient(Sink dx, Tensor dy, Tensor w, const Window& window,
                                             Tensor gate) {
  dispatch_map(dy.dtype(), [&]<class T>() {
    const View<T> g(dy), weight(w);
    Sums sums(dx.to.shape());
    for_each_product(dx.to.shape(), dy.shape(), window,
                     [&](Index n, Index h, Index v, Index o, Index i, Index j, Index c, Index ky,
                         Index kx, Index cw) {
                       sums(n, i, j, c) +=
                           static_cast<double>(g(n, h, v, o)) * weight(ky, kx, cw, o);
                     });
    sums.store(SinkView<T>(dx));
  });
  if (gate) relu_gradient({dx.to}, dx.to, gate);
}

void ReferenceBackend::conv2d_weight_gradient(Sink dw, Tensor dy, Tensor x, const Window& window) {
  dispatch_map(dy.dtype(), [&]<class T>() {
    const View<T> g(dy), in(x);
    Sums sums(dw.to.shape());
    for_each_product(x.shape(), dy.shape(), window,
                     [&](Index n, Index h, Index v, Index o, Index i, Index j, Index c, Index ky,
                         Index kx, Index cw) {
                       sums(ky, kx, cw, o) += static_cast<double>(g(n, h, v, o)) * in(n, i, j, c);
                     });
    sums.store(SinkView<Real<T>>(dw));
  });
}

}  // namespace robmask
