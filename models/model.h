#pragma once
// A model: normalization of pixels, a network by its name, and the list of its tensors.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "layers/strength.h"
#include "models/networks.h"

namespace robmask {

/// What a checkpoint says of a model.
struct ModelSpec {
  std::string name = "resnet18";  // one of model_names()
  Index width = 64;               // of networks that have one
  Index classes = 10;
  Index masks = 1;  // k
  Index pairs = 1;  // of running statistics: 1 shared; split: 2 (RobMask) or k (AdvProp)
  Code code = Code::hat;
  std::array<double, 3> mean{0, 0, 0}, std{1, 1, 1};

  /// "shared" or "split"
  std::string statistics() const { return pairs > 1 ? "split" : "shared"; }
};

class Model {
 public:
  /// A freshly initialized model whose feature maps are stored as `maps`: f32, f64, or bf16 on
  /// CUDA; without a seed, one whose weights are yet to come. Throws InputError for an unknown name
  /// and for a width or numbers it cannot have.
  Model(Backend& machine, DType maps, const ModelSpec& spec, std::optional<std::uint64_t> seed);
  /// The entries of such a model, in their order and without values: nothing is allocated. Throws
  /// like the constructor.
  static std::vector<Entry> list(const ModelSpec& spec);
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  /// images: N·H·W·3 in [0,1] → {N,1,1,classes}. InputError for images of another number of
  /// channels.
  Variable logits(const Variable& images, const Context& context) const;

  /// The images as the network's first convolution sees them: (x − mean) / std.
  Variable normalized(const Variable& images) const;

  const ModelSpec& spec() const { return spec_; }
  Backend& machine() const { return *shape_.machine; }
  /// Of feature maps; and of all else: images, logits, weights, statistics (f32 beside bf16 maps).
  DType maps() const { return shape_.maps; }
  DType dtype() const { return shape_.dtype(); }
  const std::vector<Entry>& entries() const { return entries_; }
  /// To be called when entries were written by anything but sgd_step: makes working copies anew.
  void refresh() const;
  /// The trained tensors; and how many numbers they hold.
  std::vector<Variable> parameters() const;
  Index parameter_count() const;

  /// A segment of `images` images through the mask of strength p (or one strength an image). A
  /// train pass updates `pair`.
  Segment segment(Index images, Mode mode, const std::vector<double>& strengths,
                  Index pair = 0) const;
  /// InputError unless p is a strength from 0 to 1, and 0 where there is one mask only.
  void check_mask(double p) const;
  /// One segment in eval mode, through a mask that check_mask() lets pass.
  Context eval(Index images, double p) const;
  /// Images → logits through that mask, while the model lives and its tensors stay as they are: what
  /// the first call makes of the mask is kept for the others.
  std::function<Variable(const Variable&)> at(double p) const;

 private:
  ModelSpec spec_;
  ModelShape shape_;
  std::vector<Entry> entries_;
  Network network_;
  Tensor scale_, shift_;  // pixels → (pixels − mean) / std
};

}  // namespace robmask
