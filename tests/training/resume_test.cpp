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

struct Ending {
  SafeTensors weights;
  EpochSummary last;
};

/// Trains in `dir`, resuming if there is a state.
Ending run(const fs::path& dir, const TrainSettings& s) {
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
  const EpochSummary last = trainer.run();
  return {to_file(model), last};
}

/// The weights after `steps` iterations, if given.
SafeTensors train(const fs::path& dir, std::optional<Index> steps) {
  TrainSettings s = settings();
  s.steps = steps;
  return run(dir, s).weights;
}

/// Changes a tensor of a state.
void spoil(const fs::path& state, const std::string& tensor, float value) {
  SafeTensors file = read_safetensors(state);
  for (NamedTensor& t : file.tensors) {
    if (t.name != tensor) continue;
    std::vector<float> values = t.tensor.to<float>();
    values[0] = value;
    t.tensor = host_tensor(t.tensor.shape, values);
  }
  write_safetensors(state, file);
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

TEST(Resume, OfAFinishedRunWritesTheModelThatAKillLeftOlderOrMissing) {
  const test::ScratchFolder whole, parts;
  train(whole.path(), {});
  train(parts.path(), 2);
  const fs::path model = whole / "model.safetensors";
  const std::string written = read_text(model);
  fs::copy(parts / "model.safetensors", model, fs::copy_options::overwrite_existing);
  train(whole.path(), {});
  EXPECT_EQ(read_text(model), written);
  fs::remove(model);
  train(whole.path(), {});
  EXPECT_EQ(read_text(model), written);
}

TEST(Resume, OfAFinishedRunReportsTheLastRowOfItsLogAndKeepsIt) {
  for (const std::optional<Index> steps : {std::optional<Index>(), std::optional<Index>(6)}) {
    const test::ScratchFolder folder;
    TrainSettings s = settings();
    s.steps = steps;  // 6: in the middle of an epoch
    const EpochSummary first = run(folder.path(), s).last;
    const std::string log = read_text(folder / "log.csv");
    const EpochSummary again = run(folder.path(), s).last;
    EXPECT_EQ(again.epoch, first.epoch);
    EXPECT_NEAR(again.train_loss, first.train_loss, 1e-5 * first.train_loss);
    EXPECT_EQ(again.test_acc, first.test_acc);
    EXPECT_EQ(read_text(folder / "log.csv"), log);
  }
}

TEST(Resume, ARunKilledBeforeItsFirstCheckpointLogsItsEpochsOnce) {
  const test::ScratchFolder whole, killed;
  train(whole.path(), {});
  train(killed.path(), 4);
  fs::remove(killed / "state.safetensors");
  fs::remove(killed / "model.safetensors");
  train(killed.path(), {});
  EXPECT_EQ(log_rows(killed.path()), log_rows(whole.path()));
}

TEST(Resume, ADivergingLossStopsTheRunAndKeepsTheLastCheckpoint) {
  const test::ScratchFolder folder;
  train(folder.path(), 4);
  const fs::path state = folder / "state.safetensors";
  spoil(state, "model/linear.weight", std::numeric_limits<float>::infinity());
  const std::string before = read_text(state);
  EXPECT_THROW(train(folder.path(), {}), RunError);
  EXPECT_EQ(read_text(state), before);
}

TEST(Resume, AStatisticThatIsNotFiniteStopsTheRunThoughItsLossIsFinite) {
  const test::ScratchFolder folder;
  train(folder.path(), 4);
  const fs::path state = folder / "state.safetensors";
  spoil(state, "model/bn1.running_var", std::numeric_limits<float>::infinity());
  const std::string before = read_text(state);
  const std::string line = test::message_of<RunError>([&] { train(folder.path(), {}); });
  EXPECT_TRUE(line.starts_with("bn1.running_var is not finite after iteration 8")) << line;
  EXPECT_TRUE(test::mentions(line, "is kept")) << line;
  EXPECT_EQ(read_text(state), before);
  EXPECT_EQ(log_rows(folder.path()).size(), 1u);
}

}  // namespace
}  // namespace robmask
