#include "tests/reference/view.h"

namespace robmask {

void ReferenceBackend::expand(Sink y, Tensor x) {
  const Shape& s = x.shape();
  dispatch_map(x.dtype(), [&]<class T>() {
    const SinkView<T> out(y);
    const View<T> in(x);
    for_each(y.to.shape(), [&](Index n, Index h, Index w, Index c) {
      out.put(n, h, w, c, in(n % s.n, h % s.h, w % s.w, c % s.c));
    });
  });
}

void ReferenceBackend::sum_to(Sink y, Tensor x, double factor) {
  const Shape& s = y.to.shape();
  dispatch_map(x.dtype(), [&]<class T>() {
    const SinkView<T> out(y);
    const View<T> in(x);
    std::vector<double> sums(s.count());
    const View<double> sum(sums.data(), s);
    for_each(x.shape(), [&](Index n, Index h, Index w, Index c) {
      sum(n % s.n, h % s.h, w % s.w, c % s.c) += in(n, h, w, c);
    });
    for_each(s, [&](auto... at) { out.put(at..., factor * sum(at...)); });
  });
}

}  // namespace robmask
