#pragma once
// Accuracy on clean images.

#include <functional>

#include "models/model.h"
#include "training/images.h"

namespace robmask {

/// The share of images that the model classifies correctly at mask strength p; of `batch` at once, which
/// changes no result. `on_batch` hears of the images done so far, and may throw.
double accuracy(const Model& model, double p, const Images& images, Index batch,
                const std::function<void(Index done)>& on_batch);

}  // namespace robmask
