// Rung 8: Winograd's F(2×2, 3×3). Rung 7 is near the peak: only fewer products help.
//
// Neighbouring outputs see nearly the same inputs. On a line, y₀ = d₀g₀ + d₁g₁ + d₂g₂ and its
// neighbour y₁ = d₁g₀ + d₂g₁ + d₃g₂ have six products, and four will do:
//
//   m₀ = (d₀ − d₂) g₀    m₁ = (d₁ + d₂) (g₀ + g₁ + g₂)/2    m₂ = (d₂ − d₁) (g₀ − g₁ + g₂)/2
//   m₃ = (d₁ − d₃) g₂    y₀ = m₀ + m₁ + m₂                  y₁ = m₁ − m₂ − m₃
//
// As matrices y = Aᵀ(Gg ⊙ Bᵀd); on both axes Y = Aᵀ(U ⊙ V)A, U = G g Gᵀ, V = Bᵀ d B: 16 products
// for 2×2 outputs instead of 36. The sum over ci is taken between the transforms: a product of
// matrices, squares × Cin · Cin × Cout, at each of 16 points.
//
// Expected: 36/16 = 2.25 for the product, less the transforms, those of the weights among them.

#include <algorithm>

#include "engine/cpu/vector.h"
#include "tools/ladder/convolution/convolution.h"

namespace robmask::ladder {
namespace {
using ROBMASK_ISA::load, ROBMASK_ISA::store;
using Floats = ROBMASK_ISA::Vector<float>;
constexpr int n = ROBMASK_ISA::lanes<float>, R = 6, C = 2 * n;
constexpr int outputs = 2, inputs = 4, points = inputs * inputs;  // of a square
constexpr int across = W / outputs, squares = N * (H / outputs) * across;
constexpr float Bt[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
constexpr float G[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
constexpr float At[2][4] = {{1, 1, 1, 0}, {0, 1, -1, -1}};

/// A matrix for each point. 16 numbers more lie between them, or the
/// points of a square would push each other out of the first-level cache.
alignas(64) float u[points][Cin * Cout + 16], v[points][squares * Cin + 16],
    m[points][squares * Cout + 16];

/// (L·d)ᵀ: done twice, L·d·Lᵀ. The loops over L are unrolled, so its zeros cost nothing.
template <const auto& L, int columns>
[[gnu::always_inline]] inline void apply(const Floats* d, Floats* turned) {
  constexpr int made = std::size(L), given = std::size(L[0]);
  for (int j = 0; j < columns; ++j)
#pragma GCC unroll 6
    for (int i = 0; i < made; ++i) {
      Floats sum = {};
#pragma GCC unroll 6
      for (int k = 0; k < given; ++k)
        if (L[i][k] != 0) sum += L[i][k] * d[k * columns + j];
      turned[j * made + i] = sum;
    }
}

/// Into panels of C columns, as in rung 6.
void transform_weights(const float* w) {
  for (int ci = 0; ci < Cin; ++ci)
    for (int co = 0; co < Cout; co += n) {
      Floats g[points], turned[points];
      for (int t = 0; t < K * K; ++t) g[t] = load(w + (t * Cin + ci) * Cout + co);
      apply<G, K>(g, turned);
      apply<G, inputs>(turned, g);
      for (int p = 0; p < points; ++p) store(u[p] + (co / C * Cin + ci) * C + co % C, g[p]);
    }
}

void transform_pixels(const float* x) {
  for (int s = 0; s < squares; ++s)
    for (int ci = 0; ci < Cin; ci += n) {
      const int top = s / across * outputs, left = s % across * outputs;  // top: over all images
      Floats d[points], turned[points];
      for (int p = 0; p < points; ++p) {
        const int a = p / inputs - 1, i = top % H + a, j = left + p % inputs - 1;
        const bool inside = i >= 0 && i < H && j >= 0 && j < W;
        d[p] = inside ? load(x + ((top + a) * W + j) * Cin + ci) : Floats{};
      }
      apply<Bt, inputs>(d, turned);
      apply<Bt, inputs>(turned, d);
      for (int p = 0; p < points; ++p) store(v[p] + s * Cin + ci, d[p]);
    }
}

/// The tile of rung 7: of the squares' rows at point p from s on, with a panel of weights.
void multiply(int p, int s, int c) {
  Floats sum[R][2] = {};
  for (int ci = 0; ci < Cin; ++ci) {
    const float* const weights = u[p] + c * Cin + ci * C;
    const Floats left = load(weights), right = load(weights + n);
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      sum[r][0] += v[p][(s + r) * Cin + ci] * left;
      sum[r][1] += v[p][(s + r) * Cin + ci] * right;
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < 2 * R; ++i)
    store(m[p] + (s + i / 2) * Cout + c + i % 2 * n, sum[i / 2][i % 2]);
}

void transform_sums(float* y) {
  for (int s = 0; s < squares; ++s)
    for (int co = 0; co < Cout; co += n) {
      Floats sums[points], turned[points];
      for (int p = 0; p < points; ++p) sums[p] = load(m[p] + s * Cout + co);
      apply<At, inputs>(sums, turned);
      apply<At, outputs>(turned, sums);
      float* const to = y + (s / across * W + s % across) * outputs * Cout + co;
      for (int i = 0; i < outputs * outputs; ++i)
        store(to + (i / outputs * W + i % outputs) * Cout, sums[i]);
    }
}

}  // namespace

void winograd_2(float* y, const float* x, const float* w) {
  transform_weights(w);
  transform_pixels(x);
  for (int p = 0; p < points; ++p)
    for (int c = 0; c < Cout; c += C)
      for (int s = 0; s < squares; s += R) multiply(p, std::min(s, squares - R), c);
  transform_sums(y);
}

}  // namespace robmask::ladder
