// A run that was stopped and resumed ends in the bits of one that never stopped.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>

#include "data/dataset.h"
#include "data/files/csv.h"
#include "engine/backend.h"
#include "tests/files/scratch.h"
#include "tests/training/events.h"
#include "training/trainer.h"
#include "training/weights.h"

namespace robmask {
namespace {

namespace fs = std::filesystem;

TrainSettings settings() {
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

Dataset images(Index count = 35) {
  DataOptions options;
  options.limit_train = count;
  options.limit_test = 10;
  return load_dataset("synthetic", options);
}

/// Trains in `dir`, resuming if there is a state.
Ending run(const fs::path& dir, const TrainSettings& s, const Dataset& data = images()) {
  Backend& machine = backend("cpu");
  const Model model(machine, DType::f32, {.name = "resnet18", .width = 4, .masks = 2, .pairs = 2},
                    0);
  const auto recipe = make_recipe(s, model);
  Sgd sgd(model.parameters(), s.momentum, s.weight_decay);
  const Images train_images(machine, data.train), test_images(machine, data.test);
  CheckpointInfo info;
  info.spec = model.spec();
  Trainer trainer(s, {model, *recipe, sgd}, {train_images, test_images}, {info, dir});
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

/// The content of a folder's files by their names.
std::map<std::string, std::string> contents(const fs::path& dir) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(dir))
    files[entry.path().filename().string()] = read_text(entry.path());
  return files;
}

/// The line that refuses to go on in a folder, in which nothing changes.
std::string refusal(const fs::path& dir, const Dataset& data = images()) {
  const auto before = contents(dir);
  const std::string line = test::message_of<InputError>([&] { run(dir, settings(), data); });
  EXPECT_EQ(contents(dir), before) << line;
  EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  EXPECT_TRUE(line.starts_with(dir.string())) << line;
  return line;
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

/// The curves but for the seconds, by epoch.
std::vector<std::pair<Index, std::map<std::string, float>>> curves(const fs::path& dir) {
  std::vector<std::pair<Index, std::map<std::string, float>>> curves;
  for (test::Event& event : test::events_in(dir / event_file_name)) {
    event.scalars.erase("seconds");
    if (event.version.empty()) curves.emplace_back(event.step, event.scalars);
  }
  return curves;
}

TEST(Resume, EachEpochIsInTheCurvesOnceWhereverTheRunStoppedOrWasKilled) {
  const test::ScratchFolder whole;
  TrainSettings s = settings();
  s.tensorboard = true;
  run(whole.path(), s);
  ASSERT_EQ(curves(whole.path()).size(), 2u);
  EXPECT_EQ(curves(whole.path())[1].second.size(), 9u);
  for (const Index stop : {1, 3, 4, 6}) {
    const test::ScratchFolder parts;
    TrainSettings part = s;
    part.steps = stop;
    run(parts.path(), part);
    const fs::path state = parts / "state.safetensors", kept = parts / "kept";
    fs::copy(state, kept);
    run(parts.path(), s);
    EXPECT_EQ(curves(parts.path()), curves(whole.path())) << "stopped after iteration " << stop;
    fs::rename(kept, state);  // killed before a later state was written
    run(parts.path(), s);
    EXPECT_EQ(curves(parts.path()), curves(whole.path())) << "killed after iteration " << stop;
  }
}

TEST(Resume, CurvesThatAreAskedForLaterHaveTheEarlierEpochs) {
  const test::ScratchFolder whole, parts;
  TrainSettings s = settings();
  s.tensorboard = true;
  run(whole.path(), s);
  train(parts.path(), 4);
  run(parts.path(), s);
  const auto late = curves(parts.path()), all = curves(whole.path());
  ASSERT_EQ(late.size(), 2u);
  EXPECT_EQ(late[1], all[1]);
  for (const auto& [tag, value] : all[0].second)  // from the six digits of the log
    EXPECT_NEAR(late[0].second.at(tag), value, 1e-5 * std::abs(value)) << tag;
}

TEST(Resume, KeepsTheFirstOfTheEpochsThatTestedBestWhereverTheRunStoppedOrWasKilled) {
  const test::ScratchFolder whole;
  TrainSettings s = settings();
  s.epochs = 4;
  s.keep = KeepWeights::best;
  run(whole.path(), s);
  const auto log = logged_epochs(whole / "log.csv", s.epochs);
  const auto best = std::ranges::max_element(log, {}, &EpochSummary::test_acc);
  const std::string kept = read_text(whole / best_model_name);
  const auto& said = read_safetensors(whole / best_model_name).metadata;
  EXPECT_EQ(said.at("epoch"), std::to_string(best->epoch));
  EXPECT_EQ(said.at("test_accuracy"), fmt::format("{}", *best->test_acc));
  for (const Index stop : {2, 4, 10, 14}) {
    const test::ScratchFolder parts;
    TrainSettings part = s;
    part.steps = stop;
    run(parts.path(), part);
    EXPECT_EQ(fs::exists(parts / best_model_name), stop >= 4) << "an epoch that is not whole";
    const fs::path state = parts / "state.safetensors", earlier = parts / "earlier";
    fs::copy(state, earlier);
    run(parts.path(), s);
    EXPECT_EQ(read_text(parts / best_model_name), kept) << "stopped after iteration " << stop;
    fs::rename(earlier, state);  // killed before a later state was written
    run(parts.path(), s);
    EXPECT_EQ(read_text(parts / best_model_name), kept) << "killed after iteration " << stop;
  }
}

TEST(Resume, WithoutTestImagesThereAreNoBestWeightsToKeep) {
  const test::ScratchFolder folder;
  TrainSettings s = settings();
  s.keep = KeepWeights::best;
  Dataset untested = images();
  untested.test = {};
  EXPECT_EQ(test::message_of<InputError>([&] { run(folder.path(), s, untested); }),
            "`keep`: best expects test images to choose by, `data` has none");
}

TEST(Resume, BestWeightsThatDoNotSayTheirEpochAreRefused) {
  const test::ScratchFolder folder;
  TrainSettings s = settings();
  s.keep = KeepWeights::best;
  s.steps = 6;
  run(folder.path(), s);
  const fs::path best = folder / best_model_name;
  for (const std::string key : {"epoch", "test_accuracy"}) {
    const std::string whole = read_text(best);
    change(best, [&](SafeTensors& file) { file.metadata.erase(key); });
    const std::string line = test::message_of<InputError>([&] { run(folder.path(), s); });
    EXPECT_TRUE(line.starts_with(best.string() + ": metadata \"" + key + "\"")) << line;
    test::put(best, whole);
  }
}

TEST(Resume, ADivergingLossStopsTheRunAndKeepsTheLastCheckpoint) {
  const test::ScratchFolder folder;
  train(folder.path(), 4);
  const fs::path state = folder / "state.safetensors";
  change(state, [](SafeTensors& file) {
    put(file, "model/linear.weight", 0, std::numeric_limits<float>::max());
  });
  const std::string before = read_text(state);
  EXPECT_THROW(train(folder.path(), {}), RunError);
  EXPECT_EQ(read_text(state), before);
}

TEST(Resume, AStatisticThatIsNotFiniteStopsTheRunThoughItsLossIsFinite) {
  const test::ScratchFolder folder;
  train(folder.path(), 4);
  const fs::path state = folder / "state.safetensors";
  change(state, [](SafeTensors& file) { put(file, "model/conv1.weight", 0, 1e25f); });
  const std::string before = read_text(state);
  const std::string line = test::message_of<RunError>([&] { train(folder.path(), {}); });
  EXPECT_TRUE(line.starts_with("bn1.running_var is not finite after iteration 8")) << line;
  EXPECT_TRUE(test::mentions(line, "is kept")) << line;
  EXPECT_EQ(read_text(state), before);
  EXPECT_EQ(log_rows(folder.path()).size(), 1u);
}

TEST(Resume, AStateThatNoRunCanHaveIsRefusedAndNothingChanges) {
  const test::ScratchFolder folder;
  train(folder.path(), 6);  // the second of four batches of the second epoch
  const fs::path state = folder / "state.safetensors";
  const SafeTensors whole = read_safetensors(state);
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const auto counter = [](std::size_t at, Index value) {
    return [=](SafeTensors& file) { put(file, "progress/counters", at, value); };
  };
  const auto sum = [](std::size_t at, double value) {
    return [=](SafeTensors& file) { put(file, "progress/sums", at, value); };
  };
  const auto number = [](const std::string& tensor, double value) {
    return [=](SafeTensors& file) { put(file, tensor, 0, static_cast<float>(value)); };
  };
  const std::pair<std::string, std::function<void(SafeTensors&)>> cases[] = {
      {"epochs done: expected from 0 to 2, got -3", counter(0, -3)},
      {"epochs done: expected from 0 to 2, got 3", counter(0, 3)},
      {"batches of the epoch: expected 0, got 2", counter(0, 2)},
      {"batches of the epoch: expected from 0 to 4, got -1", counter(1, -1)},
      {"batches of the epoch: expected from 0 to 4, got 1000", counter(1, 1000)},
      {"iterations after 1 epochs and 3 batches: expected 7, got 6", counter(1, 3)},
      {"got 4611686018427387904", counter(2, Index{1} << 62)},
      {"images of the epoch after 1 epochs and 2 batches: expected 20, got 19", counter(3, 19)},
      {"the checkpoint's number", counter(4, 0)},
      {"\"generation\": expected 7, as its counters say, got '2'", counter(4, 7)},
      {"a sum of losses", sum(0, nan)},
      {"a sum of losses", sum(2, infinity)},
      {"hits after 1 epochs and 2 batches: expected from 0 to 20, got 21", sum(3, 21)},
      {"seconds of the epoch", sum(4, -1)},
      {"\"format\": expected robmask state", [](SafeTensors& f) { f.metadata.erase("format"); }},
      {"'model/linear.weight': expected finite numbers, got nan",
       number("model/linear.weight", nan)},
      {"'momentum/0': expected finite numbers, got inf", number("momentum/0", infinity)},
      {"'model/bn1.running_mean': expected finite", number("model/bn1.running_mean", nan)},
      {"'model/bn1.running_var': expected finite numbers from 0 on, got -1",
       number("model/bn1.running_var", -1)},
      {"'model/bn9.weight' is not part",
       [](SafeTensors& f) { f.add("model/bn9.weight", host_tensor<float>({1}, {1})); }},
      {"expected a tensor named 'momentum/1'",
       [](SafeTensors& f) {
         std::erase_if(f.tensors, [](auto& t) { return t.name == "momentum/1"; });
       }},
      {"expected F32 [1, 1, 1, 10], got F64",
       [](SafeTensors& f) {
         for (NamedTensor& t : f.tensors)
           if (t.name == "model/linear.bias")
             t.tensor = host_tensor(t.tensor.shape, std::vector<double>(10));
       }},
  };
  for (const auto& [words, f] : cases) {
    SafeTensors file = whole;
    f(file);
    write_safetensors(state, file);
    EXPECT_TRUE(test::mentions(refusal(folder.path()), words)) << words << refusal(folder.path());
  }
}

TEST(Resume, OtherTrainingImagesAreRefused) {
  const test::ScratchFolder folder;
  train(folder.path(), 2);
  EXPECT_TRUE(test::mentions(refusal(folder.path(), images(40)),
                             "the run was trained on 35 images, `data` has 40; "));
  Dataset pixel = images(), label = images();
  pixel.train.pixels.back() ^= 1;
  label.train.labels.back() ^= 1;
  for (const Dataset& other : {pixel, label})
    EXPECT_TRUE(
        test::mentions(refusal(folder.path(), other), "35 images that `data` has no longer"));
}

TEST(Resume, AnOlderStateThatDoesNotSayItsImagesGoesOnWithAWarning) {
  const test::ScratchFolder whole, parts;
  train(whole.path(), {});
  train(parts.path(), 3);
  change(parts / "state.safetensors", [](SafeTensors& file) {
    std::erase_if(file.metadata, [](const auto& m) { return m.first.starts_with("training_"); });
  });
  testing::internal::CaptureStderr();
  EXPECT_EQ(train(parts.path(), {}).tensors, read_safetensors(whole / "model.safetensors").tensors);
  EXPECT_TRUE(test::mentions(testing::internal::GetCapturedStderr(),
                             "does not say which images it was trained on"));
}

TEST(Resume, ALogThatIsNoneIsRefusedAndNothingChanges) {
  const test::ScratchFolder folder;
  train(folder.path(), 6);
  const std::string log = read_text(folder / "log.csv");
  for (const std::string epoch : {"1e300", "-1", "0.5"}) {
    test::put(folder / "log.csv",
              log.substr(0, log.find('\n') + 1) + epoch + ",1,1,1,1,1,1,1,1,,\n");
    EXPECT_TRUE(test::mentions(refusal(folder.path()), "whole number")) << epoch;
  }
  fs::remove(folder / "log.csv");
  TrainSettings s = settings();
  s.epochs = 2;
  EXPECT_NO_THROW(run(folder.path(), s));  // the open epoch gets its row anew
  fs::remove(folder / "log.csv");
  EXPECT_TRUE(test::mentions(refusal(folder.path()), "the last row of a finished run"));
}

}  // namespace
}  // namespace robmask
