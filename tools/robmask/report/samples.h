#pragma once
// What a network does to a few images at each mask: pictures, predictions, feature maps.

#include "attacks/plan.h"
#include "data/files/json.h"
#include "models/model.h"
#include "training/images.h"

namespace robmask {

/// The first `count` images, or all there are, clean and attacked as `plan` says through each mask:
///
///   {"images": [{"number", "label", "picture"}],
///    "masks":  [{"p", "images": [{"clean": [[class, probability], …3], "attacked": {"likely": [as
///                                 "clean"], "picture", "perturbation"}}],
///                "maps": picture, "means": [mean of each map], "fates": [of each]}]}
///
/// Pictures are data URIs. "attacked" is null where the image is misclassified as it is: nothing is
/// attacked. "perturbation" is ten times x_adv − x on grey; "maps" are those of image 0
/// (feature_maps.h). `seed` keys the random starts as in Evaluation, so the images are those that
/// the evaluation counts.
Json sample_json(const Model& model, const Images& images, const AttackPlan& plan,
                 const std::vector<double>& masks, Index count, Index batch, std::uint64_t seed);

}  // namespace robmask
