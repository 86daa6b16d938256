// Rung 2: the chain rule by hand, from the loss back to the weights.
//
//   dl_nk = e^l_nk / Σ_j e^l_nj − [k = label]
//   dw₂   = hᵀ·dl            dh = dl·w₂ᵀ
//   da    = dh·(σ + a·σ·(1 − σ)),  σ = σ(a)
//   dw₁   = xᵀ·da
//
// Each line takes the gradient of an output to those of the inputs, so all weights share one pass
// forward and one back, some three times the work of the loss alone. Expected: 2·4,736 / 3 times as
// fast as rung 1.
//
// Why it is not the last rung: who changes the network derives all of this again, and a sign or a
// transposition gone wrong still trains, only worse.

#include <algorithm>
#include <cmath>

#include "tools/ladder/derivative/network.h"

namespace robmask::ladder {

void by_hand(const Network& net) {
  const double *w1 = net.w, *w2 = net.w + D * H;
  double *dw1 = net.gradient, *dw2 = net.gradient + D * H;
  std::fill_n(net.gradient, weights, 0.0);
  for (int n = 0; n < N; ++n) {
    const double* x = net.x + n * D;
    double a[H] = {}, gate[H], h[H], l[K] = {};
    for (int d = 0; d < D; ++d)
      for (int i = 0; i < H; ++i) a[i] += x[d] * w1[d * H + i];
    for (int i = 0; i < H; ++i) {
      gate[i] = 1 / (1 + std::exp(-a[i]));
      h[i] = a[i] * gate[i];
    }
    for (int i = 0; i < H; ++i)
      for (int k = 0; k < K; ++k) l[k] += h[i] * w2[i * K + k];

    double dl[K], sum = 0;
    for (int k = 0; k < K; ++k) sum += dl[k] = std::exp(l[k]);
    for (int k = 0; k < K; ++k) dl[k] = dl[k] / sum - (k == net.labels[n]);

    double da[H];
    for (int i = 0; i < H; ++i) {
      double dh = 0;
      for (int k = 0; k < K; ++k) {
        dw2[i * K + k] += h[i] * dl[k];
        dh += dl[k] * w2[i * K + k];
      }
      da[i] = dh * (gate[i] + a[i] * gate[i] * (1 - gate[i]));
    }
    for (int d = 0; d < D; ++d)
      for (int i = 0; i < H; ++i) dw1[d * H + i] += x[d] * da[i];
  }
}

}  // namespace robmask::ladder
