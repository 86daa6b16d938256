// A run that was stopped and resumed ends in the bits of one that never stopped.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/files/csv.h"
#include "tests/files/scratch.h"
#include "tests/training/events.h"
#include "tests/training/resumed.h"

namespace robmask::resumed {
namespace {

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

}  // namespace
}  // namespace robmask::resumed
