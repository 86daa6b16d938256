#pragma once
// What a benchmark works on: weights of two masks, images, labels, and images where an attack starts.
// Drawn, or read from a file that `bench --save` wrote, so that another program begins with the same.

#include <memory>

#include "data/files/safetensors.h"
#include "training/recipe.h"
#include "training/settings.h"

namespace robmask {

/// What the model was made for.
struct Task {
  Index side, classes;
};
Task task_of(const std::string& model);

/// The file `settings.init`, or without one drawn images and no weights.
SafeTensors bench_inputs(const BenchSettings& settings);

/// Writes `settings.save`: fresh weights whose norms and masks all differ, and `settings.batch` images.
void save_bench_inputs(Backend& machine, const BenchSettings& settings);

/// The model with the weights of the file, if it holds any; of two masks in it, the first `masks`.
std::unique_ptr<Model> bench_model(Backend& machine, const BenchSettings& settings,
                                   const SafeTensors& inputs, Index masks);

/// The first `count` images with their labels. InputError if the file holds fewer.
Batch bench_batch(const Model& model, const SafeTensors& inputs, Index count);

/// Where an attack on these images starts, a step of p·ε away (p = ½, ε = 8/255).
Tensor bench_start(const Model& model, const SafeTensors& inputs, Index count);

}  // namespace robmask
