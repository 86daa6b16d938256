#pragma once
// state.safetensors: all that a run needs to go on, none of which is believed before it is checked.

#include <string>

#include "data/files/safetensors.h"
#include "models/model.h"
#include "training/sgd.h"

namespace robmask {

/// What a run trains on: how many images, and what tells them from others (Split::fingerprint).
struct TrainingImages {
  Index count = 0;
  std::string fingerprint;
};

/// How far a run has come, and the sums of the epoch it is in.
struct RunState {
  Index generation = 0;        // counts checkpoints; model.safetensors carries it too
  Index epoch = 0, batch = 0;  // the next batch
  Index step = 0;              // iterations done
  double loss = 0, loss_clean = 0, loss_adv = 0, hits = 0;
  Index images = 0;    // of this epoch so far
  double seconds = 0;  // of this epoch so far
};

/// What the counters of a run must agree with.
struct RunSize {
  Index epochs, batch;
  TrainingImages images;
};

/// The file's content: weights, statistics, momentum, progress, and which images were trained on.
SafeTensors state_file(const Model& model, const Sgd& sgd, const RunState& state,
                       const TrainingImages& images);

/// The progress that a file holds. InputError, naming the file, for other training images than the
/// run's, for counters that no run of this size can have, and for sums that are not finite. Warns
/// of a file that does not say which images it was trained on, as older ones do not.
RunState read_progress(const SafeTensors& file, const RunSize& run);

/// Gives model and optimizer what the file holds. InputError, naming the file, for a tensor that is
/// missing, unknown, or of another type or shape, for a number that is not finite, and for a
/// negative variance or count.
void restore(const SafeTensors& file, const Model& model, const Sgd& sgd);

}  // namespace robmask
