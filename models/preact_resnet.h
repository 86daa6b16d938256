#pragma once
// PreAct ResNet-18 (He et al. 2016b) as in kuangliu/pytorch-cifar: masks before convolutions, a
// bare 3×3 stem, projections without norm on the masked input, no final norm.

#include <optional>
#include <vector>

#include "layers/conv2d.h"
#include "layers/linear.h"
#include "layers/norm.h"
#include "models/global_average.h"
#include "models/stages.h"

namespace robmask {

/// mask-conv-mask-conv, plus the raw input or its projection.
class PreActBlock {
 public:
  PreActBlock(const Scope& s, Index in, Index out, Index stride)
      : bn1_(s / "bn1", in),
        conv1_(s / "conv1", in, out, {3, stride, 1}),
        bn2_(s / "bn2", out),
        conv2_(s / "conv2", out, out, {3, 1, 1}) {
    if (stride != 1 || in != out) shortcut_.emplace(s / "shortcut" / 0, in, out, Window{1, stride});
  }

  Variable operator()(const Variable& x, const Context& c) const {
    const Variable masked = bn1_(x, c);
    const Variable h = conv2_(bn2_(conv1_, masked, c));
    return add(h, shortcut_ ? (*shortcut_)(masked) : x);
  }

 private:
  MaskedNorm bn1_;
  Conv2d conv1_;
  MaskedNorm bn2_;
  Conv2d conv2_;
  std::optional<Conv2d> shortcut_;
};

class PreActResNet18 {
 public:
  PreActResNet18(const Scope& s, Index width, Index classes)
      : conv1_(s / "conv1", 3, width, {3, 1, 1}),
        blocks_(four_stages<PreActBlock>(s, width)),
        linear_(s / "linear", 8 * width, classes) {}

  /// x: N·H·W·3, normalized → logits {N,1,1,classes}
  Variable operator()(const Variable& x, const Context& c) const {
    Variable h = conv1_(x);
    for (const PreActBlock& block : blocks_) h = block(h, c);
    return linear_(global_average(h));
  }

 private:
  Conv2d conv1_;
  std::vector<PreActBlock> blocks_;
  Linear linear_;
};

}  // namespace robmask
