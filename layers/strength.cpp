#include "layers/strength.h"

#include <algorithm>
#include <cmath>

#include "engine/backend.h"

namespace robmask {

std::vector<double> encode(double p, Index k, Code code) {
  require(k >= 1 && p >= 0 && p <= 1,
          "expected a strength from 0 to 1 over masks from 1 on, got {} over {}", p, k);
  std::vector<double> u(k, 0.0);
  double place = p * static_cast<double>(k - 1);
  if (std::abs(place - std::round(place)) < 1e-12) place = std::round(place);  // a knot j/(k−1)
  if (code == Code::nearest) {
    u[static_cast<std::size_t>(std::floor(place + 0.5))] = 1;
    return u;
  }
  const Index below = std::min(static_cast<Index>(place), std::max<Index>(k - 2, 0));
  const double beyond = place - static_cast<double>(below);
  u[below] = 1 - beyond;
  if (k > 1) u[below + 1] = beyond;
  return u;
}

std::vector<double> encode_pairs(double p, Index pairs, Index k, Code code) {
  if (pairs == 1) return {1.0};
  if (pairs == k) return encode(p, k, code);
  return encode(p, pairs, Code::hat);
}

namespace {

template <class Encode>
Tensor stacked(Backend& machine, DType dtype, const std::vector<double>& strengths, Index width,
               Encode encode_one) {
  std::vector<double> codes;
  for (const double p : strengths)
    for (const double u : encode_one(p)) codes.push_back(u);
  return make_tensor(machine, {static_cast<Index>(strengths.size()), 1, 1, width}, dtype, codes);
}

}  // namespace

Tensor code_tensor(Backend& machine, DType dtype, const std::vector<double>& strengths, Index k,
                   Code code) {
  return stacked(machine, dtype, strengths, k, [&](double p) { return encode(p, k, code); });
}

Tensor pair_code_tensor(Backend& machine, DType dtype, const std::vector<double>& strengths,
                        Index pairs, Index k, Code code) {
  return stacked(machine, dtype, strengths, pairs,
                 [&](double p) { return encode_pairs(p, pairs, k, code); });
}

}  // namespace robmask
