#include "models/first_feature_maps.h"

namespace robmask {

Tensor first_feature_maps(const Model& model, const Tensor& images, double p) {
  Tensor first;
  Context context = model.eval(images.shape().n, p);
  context.watch = [&](const std::string&, const Tensor& maps) {
    if (!first) first = maps;
  };
  model.logits(Variable(images), context);
  require(static_cast<bool>(first), "{}: has no activation whose maps could be shown",
          model.spec().name);
  return first;
}

}  // namespace robmask
