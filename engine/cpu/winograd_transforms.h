#pragma once
// Winograd's minimal filtering F(4×4, 3×3) (Lavin & Gray 2016, "Fast Algorithms for Convolutional
// Neural Networks"): the 4×4 outputs of a 3×3 window g from the 6×6 inputs d that they see,
//
//     U = G g Gᵀ     V = Bᵀ d B     M = U ⊙ V     Y = Aᵀ M A,
//
// with 36 products instead of 144; docs/convolution.md says why. The matrices, for the points 0, 1,
// −1, 2, −2 and ∞ of a line:
//
//          4  0 −5  0  1  0          1/4     0    0
//          0 −4 −4  1  1  0         −1/6  −1/6 −1/6           1  1  1  1  1  0
//     Bᵀ = 0  4 −4 −1  1  0     G = −1/6   1/6 −1/6      Aᵀ = 0  1 −1  2 −2  0
//          0 −2 −1  2  1  0         1/24  1/12  1/6           0  1  1  4  4  0
//          0  2 −1 −2  1  0         1/24 −1/12  1/6           0  1 −1  8 −8  1
//          0  4  0 −5  0  1            0     0    1
//
// Here each is applied in place to one line of values; rows of a point and its negative share their
// even and odd terms. Along the columns of a square and then along its rows they transform it.

#include "engine/cpu/vector.h"

namespace robmask::ROBMASK_ISA {

/// Inputs d[0…5] become Bᵀd.
template <class V>
[[gnu::always_inline]] inline void transform_inputs(V& d0, V& d1, V& d2, V& d3, V& d4, V& d5) {
  const V even = d4 - 4.f * d2, odd = d3 - 4.f * d1;  // at ±1
  const V even2 = d4 - d2, odd2 = 2.f * (d3 - d1);    // at ±2
  d0 = 4.f * d0 - 5.f * d2 + d4;
  d5 = 4.f * d1 - 5.f * d3 + d5;
  d1 = even + odd;
  d2 = even - odd;
  d3 = even2 + odd2;
  d4 = even2 - odd2;
}

/// Weights g[0…2] become Gg, of six values.
template <class V>
[[gnu::always_inline]] inline void transform_weights(V& g0, V& g1, V& g2, V& g3, V& g4, V& g5) {
  const V even = g0 + g2, odd = g1;
  const V even2 = g0 + 4.f * g2, odd2 = 2.f * g1;
  g5 = g2;
  g0 = g0 * (1.f / 4);
  g1 = (even + odd) * (-1.f / 6);
  g2 = (even - odd) * (-1.f / 6);
  g3 = (even2 + odd2) * (1.f / 24);
  g4 = (even2 - odd2) * (1.f / 24);
}

/// Products m[0…5] become Aᵀm, in the first four.
template <class V>
[[gnu::always_inline]] inline void transform_products(V& m0, V& m1, V& m2, V& m3, V& m4, V& m5) {
  const V even = m1 + m2, odd = m1 - m2;
  const V even2 = m3 + m4, odd2 = m3 - m4;
  m0 = m0 + even + even2;
  m1 = odd + 2.f * odd2;
  m2 = even + 4.f * even2;
  m3 = odd + 8.f * odd2 + m5;
}

/// Gradients dy[0…3] become A·dy, of six values: the transpose of transform_products.
template <class V>
[[gnu::always_inline]] inline void transform_output_gradients(V& d0, V& d1, V& d2, V& d3, V& d4,
                                                              V& d5) {
  const V even = d0 + d2, odd = d1 + d3;
  const V even2 = d0 + 4.f * d2, odd2 = 2.f * d1 + 8.f * d3;
  d5 = d3;
  d1 = even + odd;
  d2 = even - odd;
  d3 = even2 + odd2;
  d4 = even2 - odd2;
}

/// Sums u[0…5] become Gᵀu, in the first three: the transpose of transform_weights.
template <class V>
[[gnu::always_inline]] inline void transform_weight_sums(V& u0, V& u1, V& u2, V& u3, V& u4, V& u5) {
  const V even = (u1 + u2) * (-1.f / 6), odd = (u1 - u2) * (-1.f / 6);
  const V even2 = (u3 + u4) * (1.f / 24), odd2 = (u3 - u4) * (1.f / 24);
  u0 = (1.f / 4) * u0 + even + even2;
  u1 = odd + 2.f * odd2;
  u2 = even + 4.f * even2 + u5;
}

}  // namespace robmask::ROBMASK_ISA
