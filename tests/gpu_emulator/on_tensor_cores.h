#pragma once
// The kernels for tensor cores, called without the choice that a machine makes between kernels.

#include <bit>
#include <cstdint>
#include <type_traits>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/tensor_cores.h"

namespace robmask {

/// What the tensor cores see of a number that is stored as T.
template <class T>
float seen(float x) {
  if constexpr (std::is_same_v<T, bf16>) return bf16(x);
  return std::bit_cast<float>(gpu::round_to_tf32(std::bit_cast<std::uint32_t>(x)));
}

/// The three sums on tensor cores, as CudaBackend starts them.
template <class T, class Out>
struct OnTensorCores {
  cuda::CudaBackend& machine;
  const Window& window;

  cuda::Taps taps(const Tensor& x, const Shape& out) const {
    return {cuda::forward_axis(out.h, window), cuda::forward_axis(out.w, window), x, out, window};
  }
  void forward(const Tensor& y, const Tensor& x, const Tensor& w) const {
    const cuda::WeightView<T> weight{w.data<T>(), w.shape().w * w.pitch(),
                                     y.shape().c / window.groups, w.pitch(), 1};
    const cuda::Taps all = taps(x, y.shape());
    cuda::tensor_cores::multiply_taps<T, Out, false>(machine.stream(), {&all, 1}, {{y}}, x, weight,
                                                     window.groups);
  }
  void input_gradient(const Sink& dx, const Tensor& dy, const Tensor& w) const {
    const Shape& in = dx.to.shape();
    const cuda::WeightView<T> weight{w.data<T>(), w.shape().w * w.pitch(),
                                     dy.shape().c / window.groups, 1, w.pitch()};
    std::vector<cuda::Taps> parts;
    for (int h = 0; h < window.stride; ++h)
      for (int v = 0; v < window.stride; ++v)
        parts.emplace_back(cuda::gradient_axis(in.h, h, window),
                           cuda::gradient_axis(in.w, v, window), dy, in, window);
    cuda::tensor_cores::multiply_taps<T, Out, true>(machine.stream(), parts, {dx}, dy, weight,
                                                    window.groups);
  }
  void weight_gradient(const Sink& dw, const Tensor& dy, const Tensor& x) const {
    cuda::tensor_cores::multiply_pixels<T>(machine, dw, dy, x, taps(x, dy.shape()), window.groups);
  }
};

}  // namespace robmask
