#pragma once
// What masks let through: feature maps after a norm's ReLU (section 3.1, figure 4).

#include <filesystem>

#include "models/model.h"
#include "training/images.h"

namespace robmask {

/// Writes what the norm `layer` ("layer1.0.bn1") of a model at mask strength p lets through of
/// every image, {N,C,H,W} in the model's precision. InputError, naming the norms there are, for
/// another name.
void write_features(const std::filesystem::path& path, const Model& model, double p,
                    const std::string& layer, const Images& images, Index batch);

}  // namespace robmask
