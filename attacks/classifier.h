#pragma once
// What is attacked: a function from images to logits, and images with their labels.

#include <functional>
#include <string>
#include <vector>

#include "engine/ops.h"

namespace robmask {

/// N·H·W·C in [0,1] → logits {N,1,1,classes}: a network in eval mode, so that an image's logits
/// depend on nothing else in the batch.
using Classifier = std::function<Variable(const Variable& images)>;

/// Images to attack, by their numbers 0, 1, …
struct LabelledImages {
  Backend* machine = nullptr;
  Shape shape;  // {1,H,W,C}, of one
  DType dtype = DType::f32;
  std::vector<std::int32_t> labels;
  /// The pixels of some, {ids,H,W,C} in [0,1].
  std::function<Tensor(const std::vector<std::int32_t>& ids)> pixels;
  /// What messages call an image beside its number: its file. May be empty.
  std::function<std::string(std::int32_t image)> name = {};

  Index count() const { return static_cast<Index>(labels.size()); }
};

/// images: N·H·W·C in [0,1], and a label each. InputError for another number of labels.
LabelledImages labelled(const Tensor& images, const std::vector<std::int32_t>& labels);

/// The class of each row of logits {ids,1,1,classes}, the first of the largest. InputError that
/// names the first image whose logits are not all finite: what is not a number is no prediction.
std::vector<Index> predictions(const Tensor& logits, const std::vector<std::int32_t>& ids,
                               const LabelledImages& images);

}  // namespace robmask
