#pragma once
// What a network takes an image for, in words.

#include <string>
#include <vector>

#include "engine/tensor.h"

namespace robmask {

struct Likely {
  Index output = 0;  // its number among the network's
  std::string name;  // of the class; "class 3" where the network does not say its names
  double logit = 0, probability = 0;
};

/// Of each image of logits {N,1,1,K} the `top` classes of the highest probability, that first; of
/// equal ones the one of the lower number. p_k = exp(z_k − max z) / Σ_j exp(z_j − max z), in double.
/// `names` are those of the outputs, or none. RunError for logits that are not finite.
std::vector<std::vector<Likely>> likeliest(const Tensor& logits,
                                           const std::vector<std::string>& names, Index top);

}  // namespace robmask
