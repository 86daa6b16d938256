#include <cmath>

#include "tests/reference/view.h"

namespace robmask {

void ReferenceBackend::softmax(Tensor y, Tensor x) {
  dispatch(x.dtype(), [&]<class T>() {
    const View<T> out(y), in(x);
    for_each(x.shape().with_channels(1), [&](Index n, Index h, Index w, Index) {
      const T* row = &in(n, h, w, 0);
      const double top = *std::max_element(row, row + x.shape().c);
      double sum = 0;
      for (Index c = 0; c < x.shape().c; ++c) sum += std::exp(row[c] - top);
      for (Index c = 0; c < x.shape().c; ++c)
        out(n, h, w, c) = static_cast<T>(std::exp(row[c] - top) / sum);
    });
  });
}

void ReferenceBackend::softmax_gradient(Sink dx, Tensor dy, Tensor y) {
  dispatch(y.dtype(), [&]<class T>() {
    const SinkView<T> out(dx);
    const View<T> g(dy), forward(y);
    for_each(y.shape(), [&](Index n, Index h, Index w, Index c) {
      double slope = 0;  // Σ dy_k ∂y_k/∂x_c, where ∂y_k/∂x_c = y_k·([k = c] − y_c)
      for (Index k = 0; k < y.shape().c; ++k)
        slope += static_cast<double>(g(n, h, w, k)) * forward(n, h, w, k) *
                 ((k == c) - static_cast<double>(forward(n, h, w, c)));
      out.put(n, h, w, c, slope);
    });
  });
}

}  // namespace robmask
