#pragma once
// A small run that is stopped and gone on with, and states that are tampered with.

#include <filesystem>
#include <optional>

#include "data/dataset.h"
#include "engine/backend.h"
#include "training/trainer.h"
#include "training/weights.h"

namespace robmask::resumed {

namespace fs = std::filesystem;

inline TrainSettings settings() {
  TrainSettings s;
  s.method = Method::robmask;
  s.bn_stats = BnStats::split;
  s.attack.steps = 1;
  s.epochs = 2;
  s.batch = 10;  // the last batch of an epoch has 5 images
  return s;
}

struct Ending {
  SafeTensors weights;
  EpochSummary last;
};

inline Dataset images(Index count = 35) {
  DataOptions options;
  options.limit_train = count;
  options.limit_test = 10;
  return load_dataset("synthetic", options);
}

/// Trains in `dir`, resuming if there is a state.
inline Ending run(const fs::path& dir, const TrainSettings& s, const Dataset& data = images()) {
  Backend& machine = backend("cpu");
  const Model model(machine, DType::f32, {.name = "resnet18", .width = 4, .masks = 2, .pairs = 2},
                    0);
  const auto recipe = [&] { return make_recipe(s, model); };
  Sgd sgd(model.parameters(), s.momentum, s.weight_decay);
  const Images train_images(machine, data.train), test_images(machine, data.test);
  CheckpointInfo info;
  info.spec = model.spec();
  Trainer trainer(s, {model, recipe, sgd}, {train_images, test_images}, {info, dir});
  if (fs::exists(dir / "state.safetensors")) trainer.resume();
  const EpochSummary last = trainer.run();
  return {to_file(model), last};
}

/// The weights after `steps` iterations, if given.
inline SafeTensors train(const fs::path& dir, std::optional<Index> steps) {
  TrainSettings s = settings();
  s.steps = steps;
  return run(dir, s).weights;
}

/// Changes a number of a tensor.
template <class T>
void put(SafeTensors& file, const std::string& tensor, std::size_t at, T value) {
  for (NamedTensor& t : file.tensors) {
    if (t.name != tensor) continue;
    std::vector<T> values = t.tensor.to<T>();
    values[at] = value;
    t.tensor = host_tensor(t.tensor.shape, values);
  }
}

template <class F>
void change(const fs::path& state, const F& f) {
  SafeTensors file = read_safetensors(state);
  f(file);
  write_safetensors(state, file);
}

}  // namespace robmask::resumed
