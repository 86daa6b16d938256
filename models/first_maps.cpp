#include "models/first_maps.h"

#include <algorithm>

#include "engine/ops.h"

namespace robmask {

Tensor first_feature_maps(const Model& model, const Tensor& images, double p) {
  const auto first = [&](Role role) -> const Variable& {
    return std::ranges::find(model.entries(), role, &Entry::role)->variable;
  };
  const Variable& weight = first(Role::conv_weight);
  const Index kernel = weight.shape().n;  // 3, ResNeXt's 1, or ImageNet's 7, which halves the size
  const Window window{kernel, kernel == 7 ? 2 : 1, kernel / 2};
  const Variable x = conv2d(model.normalized(Variable(images)), weight, window);
  const MaskState norm{.weight = first(Role::mask_weight),
                       .bias = first(Role::mask_bias),
                       .running_mean = first(Role::running_mean).value(),
                       .running_variance = first(Role::running_variance).value(),
                       .tracked = first(Role::tracked).value()};
  return mask(x, norm, model.eval(images.shape().n, p)).value();
}

}  // namespace robmask
