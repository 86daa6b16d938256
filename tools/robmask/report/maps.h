#pragma once
// What the first mask of a network lets through, as pictures.

#include "data/files/json.h"
#include "models/model.h"

namespace robmask {

/// For each mask strength, the feature maps of one image {1,H,W,3} behind the first norm and ReLU:
/// {"maps": a data URI of at most 64 maps, one below the other; "means": the mean of each; "fates":
/// what became of each since the first strength, "dead", "blocked", "magnified", "weakened" or ""},
/// all by the rules of feature_maps.h. A map is drawn on one scale of grey for all strengths, white
/// where it is brightest anywhere.
std::vector<Json> map_json(const Model& model, const Tensor& image,
                           const std::vector<double>& masks);

}  // namespace robmask
