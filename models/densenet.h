#pragma once
// DenseNet-121 (Huang et al. 2016) as in kuangliu/pytorch-cifar: growth 32, bottlenecks of 128.
// Each layer's output is put before its input, [new, old], so the maps of a block are suffixes of
// one buffer: every layer reads a suffix and writes the 32 channels just before it. Nothing is
// copied.

#include <array>
#include <vector>

#include "layers/conv2d.h"
#include "layers/linear.h"
#include "layers/norm.h"
#include "models/global_average.h"

namespace robmask {

/// mask-conv1×1-mask-conv3×3: `growth` new channels.
class DenseLayer {
 public:
  static constexpr Index growth = 32;

  DenseLayer(const Scope& s, Index in)
      : bn1_(s / "bn1", in),
        conv1_(s / "conv1", in, 4 * growth, {1}),
        bn2_(s / "bn2", 4 * growth),
        conv2_(s / "conv2", 4 * growth, growth, {3, 1, 1}) {}

  void operator()(const Variable& x, const Context& c, const Variable& into) const {
    conv2_(bn2_(conv1_, bn1_(x, c), c), into);
  }

 private:
  MaskedNorm bn1_;
  Conv2d conv1_;
  MaskedNorm bn2_;
  Conv2d conv2_;
};

class DenseBlock {
 public:
  DenseBlock(const Scope& s, Index in, Index layers) : in_(in) {
    for (Index i = 0; i < layers; ++i) layers_.emplace_back(s / i, in + i * DenseLayer::growth);
  }

  Index outputs() const { return in_ + static_cast<Index>(layers_.size()) * DenseLayer::growth; }
  /// The place in the block's buffer {N,H,W,outputs()} where its input goes.
  Variable input(const Variable& buffer) const { return buffer.channels(outputs() - in_, in_); }
  /// Fills the rest of the buffer, from the input towards its front.
  void operator()(const Variable& buffer, const Context& c) const {
    Index first = outputs() - in_;
    for (const DenseLayer& layer : layers_) {
      const Variable x = buffer.channels(first, outputs() - first);
      first -= DenseLayer::growth;
      layer(x, c, buffer.channels(first, DenseLayer::growth));
    }
  }

 private:
  Index in_;
  std::vector<DenseLayer> layers_;
};

/// mask-conv1×1 to half the channels, then average pooling to half the size.
class Transition {
 public:
  Transition(const Scope& s, Index in) : bn_(s / "bn", in), conv_(s / "conv", in, in / 2, {1}) {}

  void operator()(const Variable& x, const Context& c, const Variable& into) const {
    average_pool(conv_(bn_(x, c)), {2, 2}, into);
  }

 private:
  MaskedNorm bn_;
  Conv2d conv_;
};

class DenseNet121 {
 public:
  DenseNet121(const Scope& s, Index classes)
      : conv1_(s / "conv1", 3, 2 * DenseLayer::growth, {3, 1, 1}),
        body_(s),
        bn_(s / "bn", body_.blocks.back().outputs()),
        linear_(s / "linear", body_.blocks.back().outputs(), classes) {}

  /// x: N·H·W·3, normalized → logits {N,1,1,classes}
  Variable operator()(const Variable& x, const Context& c) const {
    Shape size = x.shape();
    Variable buffer = make_buffer(x, size, body_.blocks[0]);
    conv1_(x, body_.blocks[0].input(buffer));
    body_.blocks[0](buffer, c);
    for (std::size_t i = 1; i < body_.blocks.size(); ++i) {
      size = {size.n, size.h / 2, size.w / 2, size.c};
      const Variable next = make_buffer(x, size, body_.blocks[i]);
      body_.transitions[i - 1](buffer, c, body_.blocks[i].input(next));
      body_.blocks[i](next, c);
      buffer = next;
    }
    return linear_(global_average(bn_(buffer, c)));
  }

 private:
  /// Blocks and transitions in turn, so that names come in state_dict order.
  struct Body {
    explicit Body(const Scope& s) {
      const std::array<Index, 4> layers{6, 12, 24, 16};
      Index channels = 2 * DenseLayer::growth;
      for (std::size_t i = 0; i < layers.size(); ++i) {
        blocks.emplace_back(s / fmt::format("dense{}", i + 1), channels, layers[i]);
        channels = blocks.back().outputs();
        if (i + 1 == layers.size()) break;
        transitions.emplace_back(s / fmt::format("trans{}", i + 1), channels);
        channels /= 2;
      }
    }
    std::vector<DenseBlock> blocks;
    std::vector<Transition> transitions;
  };

  static Variable make_buffer(const Variable& x, const Shape& size, const DenseBlock& block) {
    return Variable(Tensor(x.machine(), size.with_channels(block.outputs()), x.value().dtype()));
  }

  Conv2d conv1_;
  Body body_;
  MaskedNorm bn_;
  Linear linear_;
};

}  // namespace robmask
