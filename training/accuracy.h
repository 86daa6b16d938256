#pragma once
// How well a model does while it trains: on clean images, and under the attack that it trains with.

#include <functional>

#include "attacks/evaluate.h"
#include "engine/shard_sum.h"
#include "models/model.h"
#include "training/epoch_log.h"
#include "training/images.h"
#include "training/settings.h"

namespace robmask {

/// Counts among so many images: calls `count` with the range that is this process's, and adds up what
/// all have counted. Where a signal ends that of one, all throw Interrupted.
Index count_together(Processes& processes, Index images,
                     const std::function<Index(const Shards& range)>& count);

/// The share of images that the model classifies correctly at mask strength p; of `batch` at once,
/// which changes no result. `on_batch` hears of the images that this process has done so far, and may
/// throw.
double accuracy(const Model& model, double p, const Images& images, Index batch,
                const std::function<void(Index done)>& on_batch,
                Processes& processes = robmask::processes());

/// Catastrophic overfitting (Wong et al. 2020): a model stands the attack it is trained with, and
/// hardly any other. Attacks the first training images as training does, and with PGD-10; puts both
/// accuracies into the summary and warns where the second is less than half of the first and 0.25
/// below it. Nothing for training without attacks. `on_look` is called after each look at the
/// model.
void probe_overfitting(EpochSummary& summary, const Model& model, const Images& train,
                       const TrainSettings& settings, Processes& processes, const OnLook& on_look);

}  // namespace robmask
