// Names, prefixes and what else stands in a file, as other programs write them.

#include "training/contents.h"

#include "tests/support/loud.h"
#include "tests/training/weights_file.h"

namespace robmask {
namespace {

using test::mentions;
using test::model_of;
using test::spec_of;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

class FileContents : public test::WeightsFile {
 protected:
  /// The model's weights without metadata of pixels, each name behind `prefix`, and what `change`
  /// adds.
  void put(const std::string& prefix, const std::function<void(SafeTensors&)>& change) const {
    WeightsFile::put(*model_, [&](SafeTensors& file) {
      for (NamedTensor& t : file.tensors) t.name = prefix + t.name;
      file.metadata.erase("mean");
      file.metadata.erase("std");
      change(file);
    });
  }
  /// Another model's weights, or the same again, behind another prefix.
  static void add_model(SafeTensors& file, const Model& model, const std::string& prefix) {
    for (NamedTensor& t : to_file(model).tensors) file.add(prefix + t.name, t.tensor);
  }
  /// What loading says on standard error.
  std::string said(const CheckpointOverrides& flags = {}) const {
    const test::Loud loud;
    testing::internal::CaptureStderr();
    EXPECT_EQ(to_file(*load(flags).model).tensors, to_file(*model_).tensors);
    return testing::internal::GetCapturedStderr();
  }

  const std::unique_ptr<Model> model_ = model_of(spec_of(), 1);
};

TEST_F(FileContents, MayHaveAnyPrefixAndTheNamesOfOtherPrograms) {
  const SafeTensors expected = to_file(*model_);
  for (const std::string prefix : {"", "module.", "model.", "module.model.", "_orig_mod.",
                                   "_orig_mod.module.", "1.", "ema."}) {
    put(prefix, [&](SafeTensors& file) {
      std::erase_if(file.tensors, [](const NamedTensor& t) { return t.name.ends_with("tracked"); });
      for (NamedTensor& t : file.tensors)
        t.name = replaced(replaced(t.name, ".shortcut.", ".downsample."), "linear.", "fc.");
    });
    const SafeTensors read = to_file(*load().model);
    for (std::size_t i = 0; i < expected.tensors.size(); ++i)
      EXPECT_TRUE(read.tensors[i] == expected.tensors[i] ||
                  read.tensors[i].name.ends_with("tracked"))
          << prefix << read.tensors[i].name;
  }
}

TEST_F(FileContents, OfNoModelAreRefused) {
  put("", [](SafeTensors& file) { file.tensors.erase(file.tensors.begin()); });
  EXPECT_TRUE(mentions(refusal(),
                       "\"conv1.weight\" and \"linear.bias\", the first and the last of resnet18"));
  put("", [](SafeTensors& file) { file.tensors.front().name = "stem.conv1.weight"; });
  EXPECT_TRUE(mentions(refusal(), "under one prefix"));
}

TEST_F(FileContents, OfTwoModelsAreRefusedByBothPrefixesUnlessTheyAreTheSame) {
  put("model.", [&](SafeTensors& file) { add_model(file, *model_of(spec_of(), 2), "ema."); });
  EXPECT_TRUE(mentions(refusal(), "two that differ, under 'ema.' and 'model.'"));
  put("model.", [&](SafeTensors& file) { add_model(file, *model_, "attacker.model."); });
  EXPECT_EQ(said(), "");
  put("", [&](SafeTensors& file) { add_model(file, *model_, "copy."); });
  EXPECT_EQ(said(), "");
}

TEST_F(FileContents, OutsideThePrefixAreWarnedOfAndInsideItAreRefused) {
  const HostTensor one = host_tensor({1}, std::vector<float>{1});
  put("module.",
      [&](SafeTensors& file) { file.add("n_averaged", host_tensor({}, std::vector<Index>{3})); });
  EXPECT_EQ(said(), "");
  put("module.", [&](SafeTensors& file) { file.add("optimizer.0", one); });
  EXPECT_TRUE(mentions(said(), "1 of its tensors, such as 'optimizer.0', are not under 'module.'"));
  put("", [&](SafeTensors& file) { file.add("optimizer.0", one); });
  EXPECT_TRUE(mentions(refusal(), "'optimizer.0' is not part of resnet18"));
}

TEST_F(FileContents, MayNormalizePixelsByTensorsOfTheirOwn) {
  const std::vector<float> mean{0.5f, 0.25f, 0.125f}, std{0.25f, 0.5f, 1};
  const std::pair<const char*, const char*> names[] = {
      {"mu", "sigma"}, {"0.mean", "0.std"}, {"normalizer.new_mean", "normalizer.new_std"}};
  CheckpointOverrides flags;
  flags.normalization = normalizations::cifar10;
  for (const auto& [mean_name, std_name] : names)
    for (const auto& shape : std::vector<std::vector<Index>>{{3}, {3, 1, 1}, {1, 3, 1, 1}}) {
      put("1.", [&](SafeTensors& file) {
        file.add(mean_name, host_tensor(shape, mean));
        file.add(std_name, host_tensor(shape, std));
      });
      EXPECT_TRUE(mentions(said(flags), "own mean 0.5, 0.25, 0.125 and std 0.25, 0.5, 1"));
      const CheckpointInfo info = load(flags).info;
      EXPECT_EQ(info.spec.mean, (std::array{0.5, 0.25, 0.125})) << mean_name;
      EXPECT_EQ(info.spec.std, (std::array{0.25, 0.5, 1.0})) << mean_name;
      EXPECT_FALSE(load().info.unsaid.contains("mean"));
    }
}

TEST_F(FileContents, SayOneNormalizationAndLessThanTheMetadata) {
  const auto three = [](float v) { return host_tensor({3}, std::vector<float>{v, v, v}); };
  const auto with = [&](float std, float other_std) {
    put("", [&](SafeTensors& file) {
      file.add("mu", three(0));
      file.add("sigma", three(std));
      file.add("0.mean", three(0));
      file.add("0.std", three(other_std));
    });
  };
  with(2, 2);
  EXPECT_EQ(load().info.spec.std, (std::array{2.0, 2.0, 2.0}));
  with(2, 1);
  EXPECT_TRUE(mentions(refusal(), "expected one normalization of pixels"));
  with(0, 0);
  EXPECT_TRUE(mentions(refusal(), "std': expected numbers from 1e-06"));
  put("", [&](SafeTensors& file) { file.add("mu", three(0)); });
  EXPECT_TRUE(mentions(refusal(), "'mu' is not part of resnet18"));
  put("", [&](SafeTensors& file) {
    file.metadata["std"] = "3,3,3";
    file.add("mu", three(1));
    file.add("sigma", three(2));
  });
  EXPECT_EQ(load().info.spec.mean, (std::array{1.0, 1.0, 1.0}));
  EXPECT_EQ(load().info.spec.std, (std::array{3.0, 3.0, 3.0}));
}

}  // namespace
}  // namespace robmask
