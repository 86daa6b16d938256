// What is not the state of the run that shall go on is refused, and nothing changes.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "tests/files/scratch.h"
#include "tests/training/resumed.h"

namespace robmask::resumed {
namespace {

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
}  // namespace robmask::resumed
