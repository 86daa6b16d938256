#pragma once
// Exercises of docs/course/3-convolution.md.

#include <array>
#include <vector>

#include "engine/backend.h"

namespace robmask::course {

/// A number that counts how often two of its kind are multiplied. Half of one is free.
struct Counted {
  double value = 0;

  static inline int multiplications = 0;
};
inline Counted operator+(Counted a, Counted b) { return {a.value + b.value}; }
inline Counted operator-(Counted a, Counted b) { return {a.value - b.value}; }
inline Counted operator*(Counted a, Counted b) {
  ++Counted::multiplications;
  return {a.value * b.value};
}
inline Counted half(Counted a) { return {a.value / 2}; }

/// 3.1  y_i = d_i·g_0 + d_(i+1)·g_1 + d_(i+2)·g_2 for each i that has all three: d.size() − 2 numbers,
/// which is even and at least 2. Takes two multiplications for each of them.
std::vector<Counted> slide(const std::vector<Counted>& d, const std::array<Counted, 3>& g);

/// One pixel of a batch.
struct Pixel {
  Index image, row, column;
};

/// 3.2  The gradient of one pixel of the input of a convolution y = x ⋆ w, a number for each of its
/// Cin channels:
///
///   dx[n, h, w, ci] = Σ_{a, b, co} dy[n, i, j, co] · w[a, b, ci, co]
///
/// over all taps (a, b) and output pixels (i, j) with i·stride + a − pad = h and
/// j·stride + b − pad = w. Reads no pixel of dy but those.
/// dy: N·H'·W'·Cout   w: {K,K,Cin,Cout}, as shape (n,h,w,c)   both f64, contiguous, on the CPU;
/// window.groups is 1
std::vector<double> input_gradient_at(const Pixel& pixel, const Tensor& dy, const Tensor& w,
                                      const Window& window);

}  // namespace robmask::course
