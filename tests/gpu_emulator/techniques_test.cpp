// What ROBMASK_WITHOUT leaves out: speed and some rounding, but no meaning.

#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/cuda/techniques.h"
#include "engine/ops.h"
#include "engine/tape.h"
#include "models/model.h"
#include "tests/gpu_emulator/placed.h"

namespace robmask {
namespace {

using cuda::Technique;
using cuda::uses;

class GpuEmulatorTechniques : public testing::Test {
 protected:
  ~GpuEmulatorTechniques() override { unsetenv("ROBMASK_WITHOUT"); }
  static void leave_out(const char* names) { setenv("ROBMASK_WITHOUT", names, 1); }
};

TEST_F(GpuEmulatorTechniques, AreAllInUseUnlessTheyAreLeftOutByName) {
  for (const auto& technique : names(Technique{})) EXPECT_TRUE(uses(technique.value));
  leave_out("folded-masks");
  EXPECT_FALSE(uses(Technique::folded_masks));
}

TEST_F(GpuEmulatorTechniques, AWrongNameIsAnErrorThatListsTheRightOnes) {
  leave_out("folded-masks,warp-drive");
  try {
    uses(Technique::folded_masks);
    FAIL() << "no error";
  } catch (const InputError& e) {
    EXPECT_STREQ(e.what(), "ROBMASK_WITHOUT: expected one of folded-masks, got \"warp-drive\"");
  }
}

/// An attack's view of a network: the gradient of the images.
std::vector<double> seen_by_an_attack(DType maps, std::uint64_t seed) {
  Backend& device = machine("cuda");
  const Model model(device, maps, {.name = "resnet18", .width = 8, .masks = 2}, seed);
  Context context = model.eval(4, 0.5);
  context.segments[0].kept = std::make_shared<KeptMasks>();
  const Shape shape{4, 16, 16, 3};
  const Variable images(make_tensor(device, shape, numbers(shape, seed)));
  Tape tape({images});
  const Variable logits = model.logits(images, context);
  tape.backward(cross_entropy(logits, make_tensor(device, {4, 1, 1, 1}, std::vector{1, 7, 3, 4})));
  return images.gradient().to_doubles();
}

TEST_F(GpuEmulatorTechniques, WithFoldedMasksAnAttackSeesNoLessThanWithout) {
  double folded = 0, plain = 0;
  for (const std::uint64_t seed : {1, 2, 3}) {
    unsetenv("ROBMASK_WITHOUT");
    const auto exact = seen_by_an_attack(DType::f32, seed);
    folded += relative_error(seen_by_an_attack(DType::bf16, seed), exact);
    leave_out("folded-masks");
    plain += relative_error(seen_by_an_attack(DType::bf16, seed), exact);
  }
  EXPECT_NE(folded, plain);
  EXPECT_LT(folded, 1.2 * plain);
}

}  // namespace
}  // namespace robmask
