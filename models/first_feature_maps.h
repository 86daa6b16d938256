#pragma once
// What the first mask lets through, to look at.

#include "models/model.h"

namespace robmask {

/// The feature maps behind the first norm and ReLU, through the mask of strength p in eval mode
/// (Figure 4 of the paper).
/// images: N·H·W·3 in [0,1] → N·H'·W'·C. InputError for a network without any.
Tensor first_feature_maps(const Model& model, const Tensor& images, double p);

}  // namespace robmask
