// The emulated asynchronous copies: what they bring, and the mistakes they find.

#include <cmath>
#include <numeric>

#include "tests/gpu_emulator/fixture.h"

namespace robmask {
namespace {

/// What a kernel that copies may get wrong.
enum class Flaw {
  none,
  reads_too_soon,
  loads_too_soon,
  no_wait,
  waits_for_too_few,
  no_commit,
  not_wanted,
  unaligned,
  outside,
  to_one_place,
  to_device_memory
};

/// y = x by way of shared memory, in two groups of 16 bytes a thread.
template <Flaw flaw>
struct Copies {
  static constexpr int threads = 32, group = 4 * threads;
  struct Shared {
    alignas(16) float values[2][group];
  };
  float* y;
  const float* x;

  GPU_DEVICE void operator()() const {
    auto& s = gpu::shared<Shared>();
    const int at = 4 * gpu::thread();
    const float* from = x + at + (flaw == Flaw::unaligned) + (flaw == Flaw::outside ? group : 0);
    for (int i = 0; i < 2; ++i) {
      float* to = s.values[flaw == Flaw::to_one_place ? 0 : i] + at;
      gpu::copy_async(flaw == Flaw::to_device_memory ? y : to, from + i * group,
                      flaw != Flaw::not_wanted);
      if constexpr (flaw != Flaw::no_commit) gpu::commit_copies();
    }
    if constexpr (flaw == Flaw::reads_too_soon)
      for (int i = 0; i < 8; ++i) write(s, i / 4, at + i % 4);
    if constexpr (flaw == Flaw::loads_too_soon) gpu::load_matrix(s.values[1] + at);
    if constexpr (flaw == Flaw::waits_for_too_few)
      gpu::wait_copies<1>();
    else if constexpr (flaw != Flaw::no_wait)
      gpu::wait_copies<0>();
    if constexpr (flaw != Flaw::reads_too_soon)
      for (int i = 0; i < 8; ++i) write(s, i / 4, at + i % 4);
  }

 private:
  GPU_DEVICE void write(const Shared& s, int i, int at) const {
    y[i * group + at] = s.values[i][at];
  }
};

class GpuEmulatorCopies : public GpuEmulator {
 protected:
  GpuEmulatorCopies() { std::iota(x.begin(), x.end(), 1.0F); }

  template <Flaw flaw>
  std::vector<float> result() {
    const auto count = static_cast<Index>(x.size());
    float* y = allocate<float>(count);
    run(Copies<flaw>{y, on_device(x)});
    return read(y, count);
  }

  std::vector<float> x = std::vector<float>(2 * Copies<Flaw::none>::group);
};
using GpuEmulatorCopiesDeathTest = GpuEmulatorCopies;

TEST_F(GpuEmulatorCopies, WhatWasWaitedForIsThere) { EXPECT_EQ(result<Flaw::none>(), x); }

TEST_F(GpuEmulatorCopies, WhatIsNotWantedIsZero) {
  EXPECT_EQ(result<Flaw::not_wanted>(), std::vector<float>(x.size(), 0));
}

TEST_F(GpuEmulatorCopies, WhatIsReadBeforeItWasWaitedForIsNan) {
  for (const float value : result<Flaw::reads_too_soon>()) EXPECT_TRUE(std::isnan(value));
}

TEST_F(GpuEmulatorCopiesDeathTest, ALoadOfWhatWasNotWaitedForIsNamed) {
  EXPECT_DEATH(result<Flaw::loads_too_soon>(),
               "loads at .*copies_test.cpp:.* what thread .* copies at .*copies_test.cpp:");
}

TEST_F(GpuEmulatorCopiesDeathTest, ACopyThatNobodyWaitsForIsNamed) {
  const char* message = "kernel .*Copies.* ends without .* copies at .*copies_test.cpp:";
  EXPECT_DEATH(result<Flaw::no_wait>(), message);
  EXPECT_DEATH(result<Flaw::no_commit>(), message);
  EXPECT_DEATH(result<Flaw::waits_for_too_few>(), message);
}

TEST_F(GpuEmulatorCopiesDeathTest, TwoCopiesToOnePlaceAreNamed) {
  EXPECT_DEATH(result<Flaw::to_one_place>(),
               "copies at .*copies_test.cpp:.* where a copy of thread .* at .*copies_test.cpp:");
}

TEST_F(GpuEmulatorCopiesDeathTest, AnUnalignedCopyIsNamed) {
  EXPECT_DEATH(result<Flaw::unaligned>(),
               "kernel .*Copies.*no multiple of 16 at .*copies_test.cpp:");
}

TEST_F(GpuEmulatorCopiesDeathTest, ACopyToOrFromOutsideTheMemoryIsNamed) {
  EXPECT_DEATH(result<Flaw::outside>(), "touches byte .* of 1024 .* at .*copies_test.cpp:");
  EXPECT_DEATH(result<Flaw::to_device_memory>(), "copies to memory .* share at .*copies_test.cpp:");
}

}  // namespace
}  // namespace robmask
