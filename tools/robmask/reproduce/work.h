#pragma once
// How much a command computes, counted in images that pass through a model.

#include "tools/robmask/reproduce/experiment.h"
#include "tools/robmask/reproduce/scale.h"

namespace robmask::reproduce {

struct Work {
  std::string model = {};
  Index width = 64, side = 32;  // side: pixels of an image
  double trained = 0;           // forward, backward, update
  double attacked = 0;          // forward and the gradient of the image: one PGD step
};

/// The images of a data set, or as many as `limits` says.
Amount counts(const std::string& data, const Amount& limits);

/// Adds what training does: epochs with their attacks, testing after each, and the trainer's look at
/// overfitting. `images.train` and `images.test` are counts.
void add_training(Work& work, const Training& training, Index epochs, const Amount& images,
                  Index attack_steps);

/// Adds an attack (clean, pgd, autoattack) on `images` images, all of them correctly classified.
void add_attack(Work& work, const std::string& attack, Index images, Index pgd_steps);

}  // namespace robmask::reproduce
