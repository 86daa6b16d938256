#pragma once
// model-best.safetensors of a run: the weights of the epoch that tested best.

#include <filesystem>
#include <optional>

#include "training/checkpoint.h"

namespace robmask {

/// The file in a run's directory.
constexpr const char* best_model_name = "model-best.safetensors";

/// Whose weights they are, and clean accuracy on the test images at mask 0.
struct BestEpoch {
  Index epoch = 0;
  double test_accuracy = 0;
};

/// Writes the weights, atomically: with their metadata, `epoch` and `test_accuracy`, and without the
/// number of a checkpoint, so that the same training gives the same bytes wherever it was stopped.
void save_best(const std::filesystem::path& file, const Model& model, const CheckpointInfo& info,
               const BestEpoch& best);

/// What a file says of itself; nothing if it is missing, or of an epoch from `next` on: that one is
/// still to be trained by a run that was killed before it wrote its state. It beat all before it,
/// and will again. InputError, naming the file, if it is damaged or does not say its epoch.
std::optional<BestEpoch> best_before(const std::filesystem::path& file, Index next);

}  // namespace robmask
