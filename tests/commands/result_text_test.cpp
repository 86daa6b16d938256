// Results as text.

#include "tools/robmask/result_text.h"

#include <gtest/gtest.h>

namespace robmask {
namespace {

Json result(double mask, const char* eps, double robust) {
  return {{"mask", mask},
          {"attack", "pgd"},
          {"eps", eps},
          {"clean_accuracy", 0.5},
          {"robust_accuracy", robust}};
}

TEST(ResultText, TheGridHasARowAMaskAndAColumnAnEpsEvenWhereSomeAreMissing) {
  EXPECT_EQ(grid_text({result(0, "0", 0.5), result(1, "8/255", 0.25)}),
            "\npgd        mask p    clean        0    8/255   (robust accuracy in %)\n"
            "                0    50.00    50.00         \n"
            "                1    50.00             25.00\n");
}

TEST(ResultText, ThereIsNoGridOfOneMaskOrOneEps) {
  EXPECT_EQ(grid_text({result(0, "0", 0.5), result(0, "8/255", 0.25)}), "");
  EXPECT_EQ(grid_text({result(0, "0", 0.5), result(1, "0", 0.25)}), "");
}

}  // namespace
}  // namespace robmask
