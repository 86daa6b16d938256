// Feature maps behind a norm's ReLU.

#include "tools/robmask/features.h"

#include <algorithm>

#include "data/dataset.h"
#include "data/files/npy.h"
#include "engine/backend.h"
#include "tests/files/scratch.h"

namespace robmask {
namespace {

class Features : public testing::Test {
 protected:
  Features() {
    DataOptions options;
    options.train = false;
    options.limit_test = 3;
    images_.emplace(machine_, load_dataset("synthetic", options).test);
  }

  std::vector<float> maps(double p, const std::string& layer) const {
    write_features(folder_ / "maps.npy", model_, p, layer, *images_, 2);
    const HostTensor array = read_npy(folder_ / "maps.npy");
    EXPECT_EQ(array.shape, (std::vector<Index>{3, 4, 32, 32}));
    return array.to<float>();
  }

  Backend& machine_ = backend("cpu");
  const Model model_{machine_, DType::f32, {.width = 4, .masks = 2}, 0};
  std::optional<Images> images_;
  const test::ScratchFolder folder_;
};

TEST_F(Features, AreWhatTheMaskOfThatStrengthLetsThrough) {
  for (const Entry& e : model_.entries())
    if (e.name == "bn1.weight") machine_.fill(e.variable.value().images(1, 1), 0);
  const std::vector<float> open = maps(0, "bn1"), half = maps(0.5, "bn1"), shut = maps(1, "bn1");
  EXPECT_GE(*std::ranges::min_element(open), 0);
  EXPECT_GT(*std::ranges::max_element(open), 0);
  EXPECT_EQ(*std::ranges::max_element(shut), 0);
  for (std::size_t i = 0; i < open.size(); ++i) EXPECT_FLOAT_EQ(half[i], open[i] / 2);
}

TEST_F(Features, AnUnknownNormIsRefusedWithTheNamesThereAre) {
  const std::string line = test::message_of<InputError>([&] { maps(0, "bn9"); });
  EXPECT_NE(line.find("layer1.0.bn1, layer1.0.bn2"), std::string::npos) << line;
}

}  // namespace
}  // namespace robmask
