// How many threads a command may have.

#include "tests/commands/binary.h"

namespace robmask {
namespace {

class ThreadsOfACommand : public Binary {
 protected:
  ~ThreadsOfACommand() override { unsetenv("OMP_NUM_THREADS"); }
};

TEST_F(ThreadsOfACommand, AreBoundedInTheEnvironmentAsByTheFlag) {
  const std::string predict =
      fmt::format("predict --from '{}' --limit-test 2 --logits '{}' --quiet", model_file().string(),
                  (folder_ / "z.npy").string());
  expect_refused(predict + " --threads 100000",
                 "--threads: expected a whole number, from 1 to 1024");
  setenv("OMP_NUM_THREADS", "100000", 1);
  expect_refused(predict,
                 "OMP_NUM_THREADS: expected a whole number from 1 to 1024, got \"100000\"");
  EXPECT_EQ(run(predict + " --threads 2").code, 0);
  setenv("OMP_NUM_THREADS", "1024", 1);
  EXPECT_EQ(run(predict).code, 0);
}

}  // namespace
}  // namespace robmask
