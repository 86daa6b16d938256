// Tests run as with --quiet: what they print is about themselves.

#include <gtest/gtest.h>

#include "training/terminal.h"

namespace robmask {
namespace {

class Quiet : public testing::Environment {
  void SetUp() override { set_quiet(true); }
};

[[maybe_unused]] const auto* const quiet = testing::AddGlobalTestEnvironment(new Quiet);

}  // namespace
}  // namespace robmask
