#pragma once
// Wide ResNets of depth 6n + 4 (Zagoruyko and Komodakis 2016), pre-activated, as robust models of
// CIFAR are published. Two programs write them: TRADES' (RobustBench's wide_resnet.py), and
// DeepMind's (its dm_wide_resnet.py), which has other names, most often SiLU in place of ReLU, and
// pads as TensorFlow's `SAME` does where it halves a map.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "layers/conv2d.h"
#include "layers/linear.h"
#include "layers/norm.h"
#include "models/global_average.h"
#include "models/networks.h"

namespace robmask {

/// How a program writes one.
struct WideStyle {
  std::string prefix, suffix;           // of the network's name, around depth and factor
  std::string stem, stage, norm, head;  // its layers' names; {} of a stage is the number
  Index first_stage;
  std::string norm_0, conv_0, norm_1, conv_1, shortcut;  // a block's
  bool same_padding, silu;
};

/// A norm and what follows it: ReLU, which makes it the paper's mask, or SiLU.
class WideNorm {
 public:
  WideNorm(const Scope& s, const WideStyle& style, Index channels)
      : norm_(s, channels), silu_(style.silu) {}

  Variable operator()(const Variable& x, const Context& c) const {
    return silu_ ? norm_(x, c, silu) : norm_(x, c);
  }
  Variable operator()(const Conv2d& conv, const Variable& x, const Context& c) const {
    return silu_ ? norm_(conv, x, c, silu) : norm_(conv, x, c);
  }

 private:
  static constexpr Activation silu{Activation::Kind::silu};

  MaskedNorm norm_;
  bool silu_;
};

/// mask-conv-mask-conv, plus the raw input; or, where channels change, the projected masked input.
class WideBlock {
 public:
  WideBlock(const Scope& s, const WideStyle& style, Index in, Index out, Index stride)
      : pads_end_(style.same_padding && stride == 2),
        norm_0_(s / style.norm_0, style, in),
        conv_0_(s / style.conv_0, in, out, {3, stride, pads_end_ ? 0 : 1}),
        norm_1_(s / style.norm_1, style, out),
        conv_1_(s / style.conv_1, out, out, {3, 1, 1}) {
    if (in != out) shortcut_.emplace(s / style.shortcut, in, out, Window{1, stride});
  }

  Variable operator()(const Variable& x, const Context& c) const {
    const Variable masked = norm_0_(x, c);
    const Shape& size = masked.shape();
    const Variable padded = pads_end_ ? place(masked, size.h + 1, size.w + 1, 0, 0) : masked;
    const Variable h = conv_1_(norm_1_(conv_0_, padded, c));
    return add(h, shortcut_ ? (*shortcut_)(masked) : x);
  }

 private:
  bool pads_end_;  // by a row and a column of zeros, which is `SAME` for a map of even sides
  WideNorm norm_0_;
  Conv2d conv_0_;
  WideNorm norm_1_;
  Conv2d conv_1_;
  std::optional<Conv2d> shortcut_;
};

class WideResNet {
 public:
  /// `factor` times 16, 32 and 64 channels.
  WideResNet(const Scope& s, const WideStyle& style, Index depth, Index factor, Index classes)
      : stem_(s / style.stem, 3, 16, {3, 1, 1}),
        blocks_(make_blocks(s, style, (depth - 4) / 6, factor)),
        norm_(s / style.norm, style, 64 * factor),
        head_(s / style.head, 64 * factor, classes) {}

  /// x: N·H·W·3, normalized → logits {N,1,1,classes}
  Variable operator()(const Variable& x, const Context& c) const {
    Variable h = stem_(x);
    for (const WideBlock& block : blocks_) h = block(h, c);
    return head_(global_average(norm_(h, c)));
  }

 private:
  static std::vector<WideBlock> make_blocks(const Scope& s, const WideStyle& style, Index count,
                                            Index factor) {
    std::vector<WideBlock> blocks;
    Index in = 16;
    for (Index stage = 0; stage < 3; ++stage) {
      const Scope place = s / fmt::format(fmt::runtime(style.stage), style.first_stage + stage);
      for (Index i = 0; i < count; ++i) {
        const Index out = (16 * factor) << stage, stride = stage > 0 && i == 0 ? 2 : 1;
        blocks.emplace_back(place / i, style, in, out, stride);
        in = out;
      }
    }
    return blocks;
  }

  Conv2d stem_;
  std::vector<WideBlock> blocks_;
  WideNorm norm_;
  Linear head_;
};

/// What names there are, for a line that refuses one.
inline constexpr std::string_view wide_resnet_names =
    "wrn-D-K, dm-wrn-D-K or dm-wrn-D-K-relu of depth D = 6n + 4 and factor K, such as wrn-16-4";

/// The network of such a name; none if it is no such name.
std::optional<NamedNetwork> wide_resnet(const std::string& name);

/// The names of those of depth 6n + 4 whose tensors differ.
std::vector<std::string> wide_resnets(Index n, Index factor);

}  // namespace robmask
