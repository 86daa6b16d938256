#pragma once
// What a benchmark works on: weights of two masks, images, labels, and images where an attack
// starts. Drawn, or read from a file that `bench --save` wrote, so that another program begins with
// the same.

#include <memory>

#include "data/files/safetensors.h"
#include "tools/robmask/options/common.h"
#include "tools/robmask/options/network.h"
#include "training/recipe.h"

namespace robmask {

enum class Workload { train, pgd, robmask };
constexpr auto names(Workload) {
  using enum Workload;
  return std::to_array<Named<Workload>>({{train, "train"}, {pgd, "pgd"}, {robmask, "robmask"}});
}

struct BenchSettings {
  CommonSettings common;
  NetworkSettings network;
  Index batch = 128;
  std::vector<Workload> workloads{Workload::train, Workload::pgd, Workload::robmask};
  Index repeats = 5;   // timed runs after those that warm up; their median counts
  bool replay = true;  // as in training
  Halves halves = Halves::together;
  std::string save, init;  // a file of weights and images, to be written or begun with; empty: none
  bool worker = false;     // do as lines on standard input say
  bool primitives = false;     // where the time goes, too
  Backend* machine = nullptr;  // that the model is made on, if not the one of the options
};

/// What the model was made for.
struct Task {
  Index side, classes;
};
Task task_of(const std::string& model);

/// The file `settings.init`, or without one drawn images and no weights.
SafeTensors bench_inputs(const BenchSettings& settings);

/// Writes `settings.save`: fresh weights whose norms and masks all differ, and `settings.batch`
/// images.
void save_bench_inputs(const BenchSettings& settings);

/// The model with the weights of the file, if it holds any; of two masks in it, the first `masks`.
std::unique_ptr<Model> bench_model(const BenchSettings& settings, const SafeTensors& inputs,
                                   Index masks);

/// The first `count` images with their labels. InputError if the file holds fewer.
Batch bench_batch(const Model& model, const SafeTensors& inputs, Index count);

/// Where an attack on these images starts, a step of p·ε away (p = ½, ε = 8/255).
Tensor bench_start(const Model& model, const SafeTensors& inputs, Index count);

}  // namespace robmask
