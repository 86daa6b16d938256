#include "tests/reference/view.h"

namespace robmask {

void ReferenceBackend::place(Sink y, Tensor x, Index top, Index left, double outside) {
  const Shape& s = x.shape();
  dispatch_map(x.dtype(), [&]<class T>() {
    const SinkView<T> out(y);
    const View<T> in(x);
    for_each(y.to.shape(), [&](Index n, Index i, Index j, Index c) {
      const Index h = i - top, w = j - left;
      const bool inside = h >= 0 && h < s.h && w >= 0 && w < s.w;
      out.put(n, i, j, c, inside ? static_cast<double>(in(n, h, w, c)) : outside);
    });
  });
}

void ReferenceBackend::transpose(Sink y, Tensor x) {
  const Index width = y.to.shape().w;
  dispatch_map(x.dtype(), [&]<class T>() {
    const SinkView<T> out(y);
    const View<T> in(x);
    for_each(x.shape(), [&](Index n, Index h, Index w, Index c) {
      out.put(n, c / width, c % width, h * x.shape().w + w, in(n, h, w, c));
    });
  });
}

}  // namespace robmask
