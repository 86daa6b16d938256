// The library's messages in words of the command line.

#include "tools/robmask/options/flags.h"

#include <gtest/gtest.h>

namespace robmask {
namespace {

TEST(Flags, StandForTheArgumentsThatTheLibraryNames) {
  EXPECT_EQ(as_flags("raise `attack_steps` or `step_size`"), "raise --attack-steps or --step-size");
  EXPECT_EQ(as_flags("`batch` 64 would fit"), "--batch 64 would fit");
}

TEST(Flags, LeaveAloneWhatIsTheNameOfNoOption) {
  for (const std::string text : {"", "plain", "`", "a `file` of that name", "one ` alone `batch"})
    EXPECT_EQ(as_flags(text), text);
  EXPECT_EQ(as_flags("` `data` is named after a lone one"), "` --data is named after a lone one");
}

}  // namespace
}  // namespace robmask
