#pragma once
// ResNeXt-29 2x64d (Xie et al. 2016) as in kuangliu/pytorch-cifar: a 1×1 stem and three stages of
// three blocks whose 3×3 convolution works in two groups of 64, 128 and 256 channels.

#include <optional>
#include <vector>

#include "models/resnet.h"

namespace robmask {

/// 1×1, grouped 3×3, 1×1 to twice the group width; the last mask after adding the shortcut.
class ResNeXtBlock {
 public:
  ResNeXtBlock(const Scope& s, Index in, Index cardinality, Index width, Index stride)
      : conv1_(s / "conv1", in, cardinality * width, {1}),
        bn1_(s / "bn1", cardinality * width),
        conv2_(s / "conv2", cardinality * width, cardinality * width, {3, stride, 1, cardinality}),
        bn2_(s / "bn2", cardinality * width),
        conv3_(s / "conv3", cardinality * width, 2 * cardinality * width, {1}),
        bn3_(s / "bn3", 2 * cardinality * width) {
    const Index out = 2 * cardinality * width;
    if (stride != 1 || in != out) shortcut_.emplace(s / "shortcut", in, out, stride);
  }

  Variable operator()(const Variable& x, const Context& c) const {
    const Variable h = bn2_(conv2_, bn1_(conv1_, x, c), c);
    return bn3_(conv3_, h, c, shortcut_ ? (*shortcut_)(x, c) : x);
  }

 private:
  Conv2d conv1_;
  MaskedNorm bn1_;
  Conv2d conv2_;
  MaskedNorm bn2_;
  Conv2d conv3_;
  MaskedNorm bn3_;
  std::optional<Projection> shortcut_;
};

class ResNeXt29 {
 public:
  static constexpr Index cardinality = 2, group_width = 64;

  ResNeXt29(const Scope& s, Index classes)
      : conv1_(s / "conv1", 3, 64, {1}),
        bn1_(s / "bn1", 64),
        blocks_(make_blocks(s)),
        linear_(s / "linear", 8 * cardinality * group_width, classes) {}

  /// x: N·H·W·3, normalized → logits {N,1,1,classes}
  Variable operator()(const Variable& x, const Context& c) const {
    Variable h = bn1_(conv1_, x, c);
    for (const ResNeXtBlock& block : blocks_) h = block(h, c);
    return linear_(global_average(h));
  }

 private:
  static std::vector<ResNeXtBlock> make_blocks(const Scope& s) {
    std::vector<ResNeXtBlock> blocks;
    Index in = 64;
    for (Index stage = 1; stage <= 3; ++stage)
      for (Index i = 0; i < 3; ++i) {
        const Index width = group_width << (stage - 1), stride = stage > 1 && i == 0 ? 2 : 1;
        blocks.emplace_back(s / fmt::format("layer{}", stage) / i, in, cardinality, width, stride);
        in = 2 * cardinality * width;
      }
    return blocks;
  }

  Conv2d conv1_;
  MaskedNorm bn1_;
  std::vector<ResNeXtBlock> blocks_;
  Linear linear_;
};

}  // namespace robmask
