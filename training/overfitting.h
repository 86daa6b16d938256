#pragma once
// Catastrophic overfitting (Wong et al. 2020): a model that stands the attack it is trained with, and
// hardly any other.

#include "attacks/evaluate.h"
#include "models/model.h"
#include "training/epoch_log.h"
#include "training/images.h"
#include "training/settings.h"

namespace robmask {

/// Attacks the first training images as training does, and with PGD-10; puts both accuracies into the
/// summary and warns where the second is less than half of the first and 0.25 below it. Nothing for
/// training without attacks. `on_look` is called after each look at the model.
void probe_overfitting(EpochSummary& summary, const Model& model, const Images& train,
                       const TrainSettings& settings, const OnLook& on_look);

}  // namespace robmask
