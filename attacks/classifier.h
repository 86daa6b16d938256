#pragma once
// What is attacked: a function from images to logits, and images with their labels.

#include <functional>
#include <string>
#include <vector>

#include "engine/backend.h"
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

/// A copy of some images of a tensor, in that order: numbers or slots, say.
template <class Number>
Tensor gathered(const Tensor& images, const std::vector<Number>& which) {
  const Tensor some(images.machine(), images.shape().with_images(std::ssize(which)),
                    images.dtype());
  for (std::size_t i = 0; i < which.size(); ++i)
    images.machine().copy(some.images(static_cast<Index>(i), 1), images.images(which[i], 1));
  return some;
}

/// images: N·H·W·C in [0,1], and a label each. InputError for another number of labels.
LabelledImages labelled(const Tensor& images, const std::vector<std::int32_t>& labels);

/// The class of each row of logits {ids,1,1,classes}, the first of the largest. InputError that
/// names the first image whose logits are not all finite: what is not a number is no prediction.
std::vector<Index> predictions(const Tensor& logits, const std::vector<std::int32_t>& ids,
                               const LabelledImages& images);

}  // namespace robmask
