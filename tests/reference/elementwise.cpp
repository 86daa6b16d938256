#include "tests/reference/view.h"

namespace robmask {

void ReferenceBackend::scale(Sink y, Tensor x, double factor) {
  dispatch_map(x.dtype(), [&]<class T>() {
    const SinkView<T> out(y);
    const View<T> in(x);
    for_each(x.shape(), [&](auto... at) { out.put(at..., factor * in(at...)); });
  });
}

void ReferenceBackend::add(Tensor y, Tensor a, Tensor b) {
  dispatch_map(y.dtype(), [&]<class T>() {
    const View<T> out(y), left(a), right(b);
    for_each(y.shape(),
             [&](auto... at) { out(at...) = static_cast<T>(left(at...) + right(at...)); });
  });
}

void ReferenceBackend::multiply(Sink y, Tensor a, Tensor b) {
  dispatch_map(a.dtype(), [&]<class T>() {
    const SinkView<T> out(y);
    const View<T> left(a), right(b);
    for_each(a.shape(), [&](auto... at) {
      out.put(at..., static_cast<double>(left(at...)) * static_cast<double>(right(at...)));
    });
  });
}

void ReferenceBackend::affine(Sink y, Tensor x, Tensor scale, Tensor shift) {
  dispatch_maps(y.to.dtype(), x.dtype(), [&]<class To, class From>() {
    const SinkView<To> out(y);
    const View<From> in(x);
    const View<Real<To>> factor(scale), offset(shift);
    for_each(x.shape(), [&](Index n, Index h, Index w, Index c) {
      const double f = factor ? factor.row(0, c) : 1, o = offset ? offset.row(0, c) : 0;
      out.put(n, h, w, c, static_cast<double>(in(n, h, w, c)) * f + o);
    });
  });
}

void ReferenceBackend::bias_gradient(Sink db, Tensor dy) {
  dispatch(dy.dtype(), [&]<class T>() {
    const SinkView<T> out(db);
    const View<T> in(dy);
    std::vector<double> sum(dy.shape().c);
    for_each(dy.shape(), [&](Index n, Index h, Index w, Index c) { sum[c] += in(n, h, w, c); });
    for (Index c = 0; c < dy.shape().c; ++c) out.put(0, 0, 0, c, sum[c]);
  });
}

void ReferenceBackend::relu(Tensor y, Tensor x) {
  dispatch_map(y.dtype(), [&]<class T>() {
    const View<T> out(y), in(x);
    for_each(y.shape(), [&](auto... at) { out(at...) = in(at...) < 0 ? T(0) : in(at...); });
  });
}

void ReferenceBackend::relu_gradient(Sink dx, Tensor dy, Tensor y) {
  dispatch_map(y.dtype(), [&]<class T>() {
    const SinkView<T> out(dx);
    const View<T> g(dy), forward(y);
    for_each(y.shape(), [&](auto... at) { out.put(at..., forward(at...) > 0 ? g(at...) : T(0)); });
  });
}

}  // namespace robmask
