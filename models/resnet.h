#pragma once
// ResNet-18 (He et al. 2016a). For CIFAR as in kuangliu/pytorch-cifar: a 3×3 stem, four stages of
// two basic blocks, projections where the shape changes. For ImageNet as in torchvision: a 7×7 stem
// with max pooling, and its names.

#include <optional>
#include <vector>

#include "layers/conv2d.h"
#include "layers/linear.h"
#include "layers/norm.h"
#include "models/global_average.h"
#include "models/stages.h"

namespace robmask {

/// A projection of the input where a block changes size or channels: conv 1×1 and norm.
class Projection {
 public:
  Projection(const Scope& s, Index in, Index out, Index stride)
      : conv_(s / 0, in, out, {1, stride}), norm_(s / 1, out) {}

  Variable operator()(const Variable& x, const Context& c) const {
    return norm_.normalize(conv_, x, c);
  }

 private:
  Conv2d conv_;
  MaskedNorm norm_;
};

/// conv-mask-conv-mask, the second mask after adding the shortcut.
class BasicBlock {
 public:
  BasicBlock(const Scope& s, Index in, Index out, Index stride, const std::string& shortcut)
      : conv1_(s / "conv1", in, out, {3, stride, 1}),
        bn1_(s / "bn1", out),
        conv2_(s / "conv2", out, out, {3, 1, 1}),
        bn2_(s / "bn2", out) {
    if (stride != 1 || in != out) shortcut_.emplace(s / shortcut, in, out, stride);
  }

  Variable operator()(const Variable& x, const Context& c) const {
    const Variable h = bn1_(conv1_, x, c);
    return bn2_(conv2_, h, c, shortcut_ ? (*shortcut_)(x, c) : x);
  }

 private:
  Conv2d conv1_;
  MaskedNorm bn1_;
  Conv2d conv2_;
  MaskedNorm bn2_;
  std::optional<Projection> shortcut_;
};

class ResNet18 {
 public:
  enum class Stem { cifar, imagenet };

  ResNet18(const Scope& s, Index width, Index classes, Stem stem = Stem::cifar)
      : stem_(stem),
        conv1_(s / "conv1", 3, width, stem == Stem::cifar ? Window{3, 1, 1} : Window{7, 2, 3}),
        bn1_(s / "bn1", width),
        blocks_(four_stages<BasicBlock>(
            s, width, std::string(stem == Stem::cifar ? "shortcut" : "downsample"))),
        linear_(s / (stem == Stem::cifar ? "linear" : "fc"), 8 * width, classes) {}

  /// x: N·H·W·3, normalized → logits {N,1,1,classes}
  Variable operator()(const Variable& x, const Context& c) const {
    Variable h = bn1_(conv1_, x, c);
    if (stem_ == Stem::imagenet) h = max_pool(h, {3, 2, 1});
    for (const BasicBlock& block : blocks_) h = block(h, c);
    return linear_(global_average(h));
  }

 private:
  Stem stem_;
  Conv2d conv1_;
  MaskedNorm bn1_;
  std::vector<BasicBlock> blocks_;
  Linear linear_;
};

class ImageNetResNet18 : public ResNet18 {
 public:
  ImageNetResNet18(const Scope& s, Index classes) : ResNet18(s, 64, classes, Stem::imagenet) {}
};

}  // namespace robmask
