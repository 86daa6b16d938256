#pragma once
// From attack strength to code: Encode(ε_i) of Algorithm 1.

#include <vector>

#include "engine/choice.h"
#include "engine/context.h"

namespace robmask {

enum class Code { hat, nearest };
constexpr auto names(Code) {
  using enum Code;
  return std::to_array<Named<Code>>({{hat, "hat"}, {nearest, "nearest"}});
}

/// The code of strength p over k masks on the knots j/(k−1): hat functions, so k = 2 gives the
/// paper's u = (1−p, p); or one-hot on the nearest knot, a mask learned independently for each
/// strength.
std::vector<double> encode(double p, Index k, Code code = Code::hat);

/// The code over statistics pairs at strength p: pairs ∈ {1, 2, k}. Two pairs blend by (1−p, p);
/// a pair for each mask goes by the mask's own code.
std::vector<double> encode_pairs(double p, Index pairs, Index k, Code code = Code::hat);

/// Codes as tensors: {1 or N,1,1,k} for one strength or one an image.
Tensor code_tensor(Backend& machine, DType dtype, const std::vector<double>& strengths, Index k,
                   Code code);
Tensor pair_code_tensor(Backend& machine, DType dtype, const std::vector<double>& strengths,
                        Index pairs, Index k, Code code);

}  // namespace robmask
