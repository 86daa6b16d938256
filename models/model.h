#pragma once
// A model by name: normalization of pixels, a network, and the list of its tensors.

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "engine/context.h"
#include "layers/scope.h"
#include "layers/strength.h"

namespace robmask {

/// What a checkpoint says of a model.
struct ModelSpec {
  std::string name = "resnet18";  // resnet18, preact18, densenet121, resnext29, resnet18-imagenet
  Index width = 64;               // of resnet18 and preact18
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
  /// A freshly initialized model whose feature maps are stored as `maps`: f32, f64, or bf16 on CUDA.
  /// Throws InputError for an unknown name and for a width or numbers it cannot have.
  Model(Backend& machine, DType maps, const ModelSpec& spec, std::uint64_t seed);
  /// The entries of such a model, in their order and without values: nothing is allocated. Throws
  /// like the constructor.
  static std::vector<Entry> list(const ModelSpec& spec);
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  /// images: N·H·W·3 in [0,1] → {N,1,1,classes}
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

  /// A segment of `images` images through the mask of strength p (or one strength an image). A train
  /// pass updates `pair`.
  Segment segment(Index images, Mode mode, const std::vector<double>& strengths,
                  Index pair = 0) const;
  /// One segment in eval mode.
  Context eval(Index images, double p) const { return {{segment(images, Mode::eval, {p})}}; }
  /// Images → logits through the mask of strength p in eval mode, while the model lives.
  std::function<Variable(const Variable&)> at(double p) const;

 private:
  using Network = std::function<Variable(const Variable&, const Context&)>;
  static Network make_network(const ModelSpec& spec, const Scope& scope);

  ModelSpec spec_;
  ModelShape shape_;
  std::vector<Entry> entries_;
  Network network_;
  Tensor scale_, shift_;  // pixels → (pixels − mean) / std
};

/// The names `--model` takes.
const std::vector<std::string>& model_names();
/// Can this network be made narrower with `--width`?
bool has_width(const std::string& name);

}  // namespace robmask
