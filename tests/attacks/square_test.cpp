// The windows of Square that all images share.

#include "attacks/square.h"

#include <gtest/gtest.h>

#include "engine/backend.h"

namespace robmask {
namespace {

TEST(SharedWindows, HaveOneSignForAllImagesInLinfAndTheImagesOwnInL2) {
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    Backend& machine = backend("cpu");
    Slots slots(machine, {2, 20, 20, 3}, DType::f64);
    machine.fill(slots.x, 0.5);
    for (const std::int32_t image : {4, 9}) slots.runs.push_back({.image = image, .label = 0});
    Square attack(slots, {norm, 0.1, 3}, 100, true);
    for (Index slot = 0; slot < 2; ++slot) attack.begin(slot);
    machine.copy(slots.x_adv.images(1, 1), slots.x_adv.images(0, 1));  // the same start for both
    std::vector<double> gradient(2);
    int different = 0;
    for (int look = 0; look < 80; ++look) {  // of which none but the first is better
      for (Index slot = 0; slot < 2; ++slot) attack.judge(slot, std::vector{1.0, 0.0}, gradient);
      attack.advance({});
      const auto first = slots.x_adv.images(0, 1).to_doubles(),
                 second = slots.x_adv.images(1, 1).to_doubles();
      different += first != second;
      for (std::size_t i = 0; i < first.size(); ++i)  // the second window is emptied
        ASSERT_EQ(first[i] == 0.5, second[i] == 0.5) << i;
    }
    if (norm == Norm::linf)
      EXPECT_EQ(different, 0);
    else
      EXPECT_GT(different, 50);
  }
}

}  // namespace
}  // namespace robmask
