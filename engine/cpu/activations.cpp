// Functions of one number; their formulas are shared with the GPU.

#include "engine/activation_formulas.h"
#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

void CpuBackend::activate(Tensor y, Tensor x, const Activation& f) {
  dispatch(y.dtype(), [&]<class T>() {
    formulas::with_formula<T>(f, [&](auto formula) {
      each_row(
          y.shape(),
          [formula](Index width, T* y_, const T* x_) {
#pragma omp simd
            for (Index i = 0; i < width; ++i) y_[i] = formula.value(x_[i]);
          },
          Rows<T>(y), Rows<T>(x));
    });
  });
}

void CpuBackend::activate_gradient(Sink dx, Tensor dy, Tensor x, const Activation& f) {
  dispatch(dy.dtype(), [&]<class T>() {
    formulas::with_formula<T>(f, [&](auto formula) {
      each_row(
          dy.shape(),
          [formula, add = dx.add](Index width, T* dx_, const T* dy_, const T* x_) {
#pragma omp simd
            for (Index i = 0; i < width; ++i) {
              const T g = dy_[i] * formula.slope(x_[i]);
              dx_[i] = add ? dx_[i] + g : g;
            }
          },
          Rows<T>(dx.to), Rows<T>(dy), Rows<T>(x));
    });
  });
}

}  // namespace robmask::ROBMASK_ISA
