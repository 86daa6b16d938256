#pragma once
// The network of lesson 5 and its training loop, for the lessons after it and for figures.

#include <functional>
#include <memory>

#include "data/batches.h"
#include "layers/linear.h"
#include "layers/norm.h"
#include "models/global_average.h"
#include "training/images.h"
#include "training/sgd.h"

namespace robmask::course {

/// Two convolutions with their masks, each of which halves the side; an average; a linear layer.
class SmallNet {
 public:
  SmallNet(const Scope& s, Index width, Index classes)
      : conv1_(s / "conv1", 3, width, {.kernel = 3, .stride = 2, .pad = 1}),
        bn1_(s / "bn1", width),
        conv2_(s / "conv2", width, 2 * width, {.kernel = 3, .stride = 2, .pad = 1}),
        bn2_(s / "bn2", 2 * width),
        linear_(s / "linear", 2 * width, classes) {}

  Variable operator()(const Variable& x, const Context& c) const {
    return linear_(global_average(bn2_(conv2_, bn1_(conv1_, x, c), c)));
  }

 private:
  Conv2d conv1_;
  MaskedNorm bn1_;
  Conv2d conv2_;
  MaskedNorm bn2_;
  Linear linear_;
};

/// A SmallNet with the masks that the settings' method trains, on images normalized as the data set
/// says.
inline std::unique_ptr<Model> new_small_net(const TrainSettings& settings, Index width,
                                            const Dataset& data,
                                            Backend& machine = backend("cpu")) {
  if (!is_network("small")) define_network<SmallNet>("small");
  const auto [masks, pairs] = mask_counts(settings);
  const ModelSpec spec{.name = "small",
                       .width = width,
                       .masks = masks,
                       .pairs = pairs,
                       .mean = data.normalization.mean,
                       .std = data.normalization.std};
  return std::make_unique<Model>(machine, DType::f32, spec, settings.seed);
}

/// Lesson 5's loop around any recipe. `on_epoch` is told the number of the epoch that ended.
inline void train_small_net(const Model& model, const TrainSettings& settings, const Images& images,
                            const std::function<void(Index epoch)>& on_epoch = {}) {
  const auto recipe = make_recipe(settings, model);
  Sgd sgd(model.parameters(), settings.momentum, settings.weight_decay);
  Batches batches(images.size(), settings.batch, settings.shuffle, settings.seed);
  const Totals totals(model.machine());
  Index step = 0;
  for (Index epoch = 0; epoch < settings.epochs; ++epoch) {
    sgd.set_rate(cosine_rate(settings.lr, epoch, settings.epochs));
    for (Index i = 0; i < batches.count(); ++i) {
      const auto ids = batches.at(epoch, i);
      const Batch batch = images.batch(model.dtype(), ids);
      recipe->prepare(step++, {ids.begin(), ids.end()});
      recipe->step(batch, totals);
      sgd.step();
    }
    if (on_epoch) on_epoch(epoch);
  }
}

}  // namespace robmask::course
