// Convolution and its two gradients; docs/convolution.md.

#include "engine/cpu/cpu_backend.h"
#include "engine/cpu/pixel_product.h"
#include "engine/cpu/tap_product.h"
#include "engine/cpu/winograd.h"

namespace robmask::ROBMASK_ISA {

namespace {

// x: N·H·W·Cin   w: K·K·Cin/g·Cout   y: N·H'·W'·Cout
template <class T>
void correlate(const OutputMap<T>& output, const Shape& y, const Tensor& x, const Tensor& w,
               const Window& window, Backend& scratch) {
  const Index groups = window.groups, depth = x.shape().c / groups, columns = y.c / groups;
  const WeightView<T> weight{w.data<T>(), depth * w.pitch(), columns, w.pitch(), 1};
  if constexpr (std::is_same_v<T, float>)
    if (winograd_pays(y, x.shape(), window))
      return correlate_winograd({output, y, x, window.pad, groups, weight}, scratch);
  const Taps taps = forward_taps(x.shape(), y, window);
  multiply_taps<T>({.taps = taps,
                    .written = output,
                    .pixels = y.pixels(),
                    .read = PixelView<T>(x),
                    .weight = weight,
                    .images = x.shape().n,
                    .groups = groups,
                    .depth = depth,
                    .columns = columns},
                   scratch);
}

}  // namespace

void CpuBackend::conv2d(Tensor y, Tensor x, Tensor w, const Window& window, Moments*) {
  dispatch(x.dtype(),
           [&]<class T>() { correlate<T>(OutputMap<T>({y}), y.shape(), x, w, window, *this); });
}

void CpuBackend::conv2d_folded(Tensor z, Tensor x, Tensor w, const Window& window,
                               const FoldedMask& mask) {
  dispatch(x.dtype(), [&]<class T>() {
    correlate<T>(OutputMap<T>({z}, {}, mask), z.shape(), x, w, window, *this);
  });
}

void CpuBackend::conv2d_input_gradient(Sink dx, Tensor dy, Tensor w, const Window& window,
                                       Tensor gate) {
  const Shape x = dx.to.shape(), y = dy.shape();
  dispatch(dy.dtype(), [&]<class T>() {
    const OutputMap<T> output(dx, gate);
    const Index groups = window.groups, depth = y.c / groups, columns = x.c / groups;
    const WeightView<T> weight{w.data<T>(), columns * w.pitch(), depth, 1, w.pitch()};
    if constexpr (std::is_same_v<T, float>)
      if (winograd_pays(x, y, window)) {
        const WeightView<T> flipped{weight.data + 8 * weight.tap, -weight.tap, depth, 1, w.pitch()};
        return correlate_winograd({output, x, dy, 2 - window.pad, groups, flipped}, *this);
      }
    for (const Taps& taps : gradient_taps(x, y, window))
      multiply_taps<T>({.taps = taps,
                        .written = output,
                        .pixels = x.pixels(),
                        .read = PixelView<T>(dy),
                        .weight = weight,
                        .images = x.n,
                        .groups = groups,
                        .depth = depth,
                        .columns = columns},
                       *this);
  });
}

void CpuBackend::conv2d_weight_gradient(Sink dw, Tensor dy, Tensor x, const Window& window) {
  dispatch(dy.dtype(), [&]<class T>() {
    if constexpr (std::is_same_v<T, float>)
      if (winograd_gradient_pays(dy.shape(), x.shape(), window))
        return weight_gradient_winograd(dw, dy, x, window, *this);
    multiply_pixels<T>(dw, dy, x, window, *this);
  });
}

}  // namespace robmask::ROBMASK_ISA
