// A run that was stopped and resumed ends in the bits of one that never stopped.

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "data/dataset.h"
#include "data/files/csv.h"
#include "engine/backend.h"
#include "tests/files/scratch.h"
#include "training/trainer.h"
#include "training/weights.h"

namespace robmask {
namespace {

namespace fs = std::filesystem;

TrainSettings settings() {
  TrainSettings s;
  s.method = Method::robmask;
  s.model.bn_stats = BnStats::split;
  s.attack.steps = 1;
  s.epochs = 2;
  s.batch = 10;  // the last batch of an epoch has 5 images
  return s;
}

/// Trains in `dir`, up to `steps` iterations if given, resuming if there is a state.
SafeTensors train(const fs::path& dir, std::optional<Index> steps) {
  TrainSettings s = settings();
  s.steps = steps;
  DataOptions options;
  options.limit_train = 35;
  options.limit_test = 10;
  const Dataset data = load_dataset("synthetic", options);
  Backend& machine = backend("cpu");
  const Model model(machine, DType::f32, {.name = "resnet18", .width = 4, .masks = 2, .pairs = 2},
                    0);
  const auto recipe = make_recipe(s, model);
  Sgd sgd(model.parameters(), s.momentum, s.weight_decay);
  const Images train_images(machine, data.train), test_images(machine, data.test);
  CheckpointInfo info;
  info.spec = model.spec();
  Trainer trainer({s, model, *recipe, sgd, train_images, test_images, info, dir});
  if (fs::exists(dir / "state.safetensors")) trainer.resume();
  trainer.run();
  return to_file(model);
}

/// The log without its wall-clock column.
std::vector<CsvRow> log_rows(const fs::path& dir) {
  CsvTable table = read_csv(dir / "log.csv");
  const std::size_t seconds = table.column("seconds", "log.csv");
  for (CsvRow& row : table.rows) row[seconds].clear();
  return table.rows;
}

TEST(Resume, EndsInTheSameBitsWhereverTheRunStopped) {
  const test::ScratchFolder whole;
  const SafeTensors expected = train(whole.path(), {});
  for (const Index stop : {1, 3, 4, 6}) {  // 4 is the end of an epoch
    const test::ScratchFolder parts;
    train(parts.path(), stop);
    const SafeTensors resumed = train(parts.path(), {});
    EXPECT_EQ(resumed.tensors, expected.tensors) << "stopped after iteration " << stop;
    EXPECT_EQ(log_rows(parts.path()), log_rows(whole.path())) << stop;
  }
}

TEST(Resume, GoesOnFromTheStateIfTheModelFileIsOlder) {
  const test::ScratchFolder whole, parts;
  const SafeTensors expected = train(whole.path(), {});
  train(parts.path(), 2);
  fs::copy(parts.path() / "model.safetensors", parts.path() / "older");
  train(parts.path(), 5);
  fs::rename(parts.path() / "older", parts.path() / "model.safetensors");  // killed between renames
  EXPECT_EQ(train(parts.path(), {}).tensors, expected.tensors);
  EXPECT_EQ(read_safetensors(parts.path() / "model.safetensors").metadata.at("generation"),
            read_safetensors(parts.path() / "state.safetensors").metadata.at("generation"));
}

TEST(Resume, ADivergingLossStopsTheRunAndKeepsTheLastCheckpoint) {
  const test::ScratchFolder folder;
  train(folder.path(), 4);
  SafeTensors broken = read_safetensors(folder.path() / "state.safetensors");
  for (NamedTensor& t : broken.tensors)
    if (t.name == "model/linear.weight") {
      std::vector<float> values = t.tensor.to<float>();
      values[0] = std::numeric_limits<float>::infinity();
      t.tensor = host_tensor(t.tensor.shape, values);
    }
  write_safetensors(folder.path() / "state.safetensors", broken);
  EXPECT_THROW(train(folder.path(), {}), RunError);
  EXPECT_EQ(read_safetensors(folder.path() / "state.safetensors").tensors, broken.tensors);
}

}  // namespace
}  // namespace robmask
