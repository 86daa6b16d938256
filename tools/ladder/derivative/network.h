#pragma once
// What all rungs differentiate: the loss of a network of two layers on N points, by its weights.
//
//   a = x·w₁        h = a·σ(a), σ(a) = 1/(1 + e^−a)        SiLU, which is smooth everywhere
//   l = h·w₂        L = Σ_n ( log Σ_k e^l_nk − l_n,label )  cross entropy
//
// One number that depends on 4,736 others: of such functions machine learning asks derivatives.

#include <cstdint>

#include "engine/variable.h"

namespace robmask::ladder {

inline constexpr int N = 64, D = 64, H = 64, K = 10, weights = D * H + H * K;

/// x: N·D   labels: N   w: w₁, D·H, then w₂, H·K   gradient: dL/dw, as w
struct Network {
  const double* x;
  const std::int32_t* labels;
  const double* w;
  double* gradient;
};

using Gradient = void(const Network&);
Gradient finite_differences, by_hand, tape_of_scalars;

/// The same as tensors.  x: {N,1,1,D}   labels: {N,1,1,1}   w1: {1,1,D,H}   w2: {1,1,H,K}
struct EngineNetwork {
  Variable x;
  Tensor labels;
  Variable w1, w2;
  double* gradient;
};
void engine(const EngineNetwork& net);

}  // namespace robmask::ladder
