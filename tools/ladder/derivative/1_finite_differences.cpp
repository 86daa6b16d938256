// Rung 1: the definition of a derivative, with a step that is not zero.
//
//   dL/dw_i ≈ ( L(w + h·e_i) − L(w − h·e_i) ) / 2h
//
// It needs nothing but the function, and is what every other way is checked with. Its error has two
// parts: h²/6·L‴, of the step, and 10⁻¹⁶·L/h, of the rounding; with h = 10⁻⁵ both are near 10⁻¹⁰.
//
// Why it is slow: two passes for each of 4,736 weights, though each pass could tell something of all
// of them.

#include <cmath>
#include <vector>

#include "tools/ladder/derivative/network.h"

namespace robmask::ladder {

namespace {

double loss(const Network& net, const double* w) {
  double total = 0;
  for (int n = 0; n < N; ++n) {
    double a[H] = {}, l[K] = {};
    for (int d = 0; d < D; ++d)
      for (int i = 0; i < H; ++i) a[i] += net.x[n * D + d] * w[d * H + i];
    for (int i = 0; i < H; ++i) {
      const double h = a[i] / (1 + std::exp(-a[i]));
      for (int k = 0; k < K; ++k) l[k] += h * w[D * H + i * K + k];
    }
    double sum = 0;
    for (int k = 0; k < K; ++k) sum += std::exp(l[k]);
    total += std::log(sum) - l[net.labels[n]];
  }
  return total;
}

}  // namespace

void finite_differences(const Network& net) {
  constexpr double h = 1e-5;
  std::vector<double> w(net.w, net.w + weights);
  for (int i = 0; i < weights; ++i) {
    w[i] = net.w[i] + h;
    const double above = loss(net, w.data());
    w[i] = net.w[i] - h;
    net.gradient[i] = (above - loss(net, w.data())) / (2 * h);
    w[i] = net.w[i];
  }
}

}  // namespace robmask::ladder
