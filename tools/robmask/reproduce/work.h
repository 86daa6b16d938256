#pragma once
// How much a command computes, counted in images that pass through a model.

#include "tools/robmask/reproduce/experiment.h"
#include "tools/robmask/reproduce/scale.h"

namespace robmask::reproduce {

struct Work {
  std::string model = {};
  Index width = 64, side = 32;  // side: pixels of an image
  Index batch = 128;            // in training
  double trained = 0;           // forward, backward, update
  double attacked = 0;          // forward and the gradient of the image: one PGD step
};

/// The images of a data set, or as many as `limits` says.
Amount counts(const std::string& data, const Amount& limits);

/// Adds what training does: epochs with their attacks, testing after each, and the trainer's look at
/// overfitting. Finetuning needs no gradients of convolutions, and of statistics alone none at all.
/// `images.train` and `images.test` are counts.
void add_training(Work& work, const Training& training, Index epochs, const Amount& images,
                  Index attack_steps);

/// Adds an attack (clean, pgd, autoattack) on `images` images, with the scale's steps and shares of
/// images that are left to attack.
void add_attack(Work& work, const std::string& attack, Index images, const Scale& scale);

}  // namespace robmask::reproduce
