// Functions of one number; their formulas are shared with the CPU.

#include "engine/activation_formulas.h"
#include "engine/cuda/combine.h"
#include "engine/cuda/cuda_backend.h"

namespace robmask::cuda {

namespace {

/// Which formula it is, every thread asks for itself: they all get one answer, and there are fewer
/// kernels.
template <class R>
struct Apply {
  Activation f;
  GPU_DEVICE R operator()(R x, R) const { return formulas::value_of(f, x); }
};
template <class R>
struct ApplySlope {
  Activation f;
  GPU_DEVICE R operator()(R dy, R x) const { return dy * formulas::slope_of(f, x); }
};

}  // namespace

void CudaBackend::activate(Tensor y, Tensor x, const Activation& f) {
  dispatch_map(y.dtype(), [&]<class T>() { combine<T>(stream_, Apply<Real<T>>{f}, {y}, x, {}); });
}

void CudaBackend::activate_gradient(Sink dx, Tensor dy, Tensor x, const Activation& f) {
  dispatch_map(dy.dtype(),
               [&]<class T>() { combine<T>(stream_, ApplySlope<Real<T>>{f}, dx, dy, x); });
}

}  // namespace robmask::cuda
