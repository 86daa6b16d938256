#pragma once
// The body that ResNet-18 and PreAct ResNet-18 share: four stages of two blocks, each stage after
// the first with twice the channels at half the size.

#include <vector>

#include "layers/scope.h"

namespace robmask {

/// layer1.0, layer1.1, layer2.0, … of Block(scope, in, out, stride, rest…); stage s has
/// width·2^(s−1) channels.
template <class Block, class... Rest>
std::vector<Block> four_stages(const Scope& s, Index width, const Rest&... rest) {
  std::vector<Block> blocks;
  Index in = width;
  for (Index stage = 1; stage <= 4; ++stage)
    for (Index i = 0; i < 2; ++i) {
      const Index out = width << (stage - 1), stride = stage > 1 && i == 0 ? 2 : 1;
      blocks.emplace_back(s / fmt::format("layer{}", stage) / i, in, out, stride, rest...);
      in = out;
    }
  return blocks;
}

}  // namespace robmask
