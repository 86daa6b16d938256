// The emulated products of a warpgroup: what they compute, and the mistakes they find.

#include <cmath>

#include "tests/gpu_emulator/fixture.h"

namespace robmask {
namespace {

/// What a kernel that multiplies may get wrong.
enum class Flaw {
  none,
  plain_barrier,
  no_barrier,
  copies_too_late,
  no_fence,
  no_commit,
  no_wait,
  waits_for_too_few,
  reads_too_soon,
  overwrites_right,
  overwrites_left,
  overwrites_sums,
  three_warps,
  outside,
  half_elsewhere,
  group_elsewhere
};

/// y = a·bᵀ + 100 for one warpgroup, twice: a 64×16; b 128×16, begun `shift` lines further in what
/// is shared, where each eight lines have two lines behind them that do not count.
template <Flaw flaw>
struct OneProduct {
  static constexpr int threads = 128, rows = 64, columns = 128, depth = 16, group = 10, lines = 180;
  struct Shared {
    alignas(16) bf16 a[rows][depth], b[2][lines][8];
  };
  float* y;
  const bf16 *a, *b;
  int shift;

  GPU_DEVICE static int line_of(int column) { return column / 8 * group + column % 8; }

  GPU_DEVICE void operator()() const {
    auto& s = gpu::shared<Shared>();
    const int i = gpu::thread(), warp = i / 32, g = i % 32 / 4, t = i % 4;
    for (int k = 0; k < depth; ++k) {
      if (i < rows) s.a[i][k] = a[i * depth + k];
      s.b[k / 8][shift + line_of(i)][k % 8] = b[i * depth + k];
    }
    if constexpr (flaw == Flaw::copies_too_late) gpu::copy_async(s.b[1][shift + line_of(i)], b);
    if constexpr (flaw == Flaw::plain_barrier)
      gpu::barrier();
    else if constexpr (flaw != Flaw::no_barrier)
      gpu::barrier_before_products();

    gpu::Fragment left = gpu::load_matrix(&s.a[16 * warp + i % 16][i % 32 / 16 * 8]);
    const auto right =
        gpu::shared_lines(s.b[0], sizeof s.b[0] + (flaw == Flaw::half_elsewhere ? 16 : 0),
                          group * 16 + (flaw == Flaw::group_elsewhere ? 16 : 0));
    float sums[1][64];
    for (float& sum : sums[0]) sum = 100;
    if constexpr (flaw != Flaw::no_fence) gpu::fence_registers(sums);
    if (flaw == Flaw::three_warps && warp == 3) return;
    for (int twice = 0; twice < 2; ++twice) {
      gpu::multiply_async(sums[0], left, right.further(flaw == Flaw::outside ? lines : shift));
      if constexpr (flaw != Flaw::no_commit) gpu::commit_products();
    }
    if constexpr (flaw == Flaw::overwrites_right) s.b[0][shift + line_of(i)][0] = bf16(1);
    if constexpr (flaw == Flaw::overwrites_left) left.words[0] = 0;
    if constexpr (flaw == Flaw::overwrites_sums) sums[0][0] = 0;
    if constexpr (flaw == Flaw::reads_too_soon) write(sums[0], warp, g, t);
    if constexpr (flaw == Flaw::waits_for_too_few)
      gpu::wait_products<1>();
    else if constexpr (flaw != Flaw::no_wait)
      gpu::finish_products(sums);
    if constexpr (flaw != Flaw::reads_too_soon) write(sums[0], warp, g, t);
  }

 private:
  GPU_DEVICE void write(const float (&sums)[64], int warp, int g, int t) const {
    for (int i = 0; i < 64; ++i)
      y[(16 * warp + g + i % 4 / 2 * 8) * columns + i / 4 * 8 + 2 * t + i % 2] = sums[i];
  }
};

class GpuEmulatorWarpgroup : public GpuEmulator {
 protected:
  using One = OneProduct<Flaw::none>;

  GpuEmulatorWarpgroup() {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = bf16(static_cast<float>(i * 37 % 17) - 8);
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = bf16(static_cast<float>(i * 29 % 13) - 6);
  }

  template <Flaw flaw>
  std::vector<float> result(int shift = 3) {
    float* y = allocate<float>(One::rows * One::columns);
    run(OneProduct<flaw>{y, on_device(a), on_device(b), shift});
    return read(y, One::rows * One::columns);
  }
  std::vector<float> expected() const {
    std::vector<float> y(One::rows * One::columns, 100);
    for (int row = 0; row < One::rows; ++row)
      for (int column = 0; column < One::columns; ++column)
        for (int k = 0; k < One::depth; ++k)
          y[row * One::columns + column] +=
              2 * a[row * One::depth + k] * b[column * One::depth + k];
    return y;
  }

  std::vector<bf16> a = std::vector<bf16>(One::rows * One::depth),
                    b = std::vector<bf16>(One::columns * One::depth);
};
using GpuEmulatorWarpgroupDeathTest = GpuEmulatorWarpgroup;

TEST_F(GpuEmulatorWarpgroup, MultipliesLinesWhereverTheyBegin) {
  for (const int shift : {0, 1, 3, 8}) EXPECT_EQ(result<Flaw::none>(shift), expected()) << shift;
}

TEST_F(GpuEmulatorWarpgroup, SumsThatWereNotWaitedForAreNan) {
  for (const float sum : result<Flaw::reads_too_soon>()) EXPECT_TRUE(std::isnan(sum));
}

// Poisoned memory lies between the lines that count.
TEST_F(GpuEmulatorWarpgroup, WrongStridesGiveWrongNumbers) {
  EXPECT_NE(result<Flaw::half_elsewhere>(), expected());
  EXPECT_NE(result<Flaw::group_elsewhere>(), expected());
}

TEST_F(GpuEmulatorWarpgroupDeathTest, WhatProductsCannotSeeIsNamed) {
  const char* message = "kernel .*OneProduct.*multiplies at .*warpgroup_test.cpp.* was written";
  EXPECT_DEATH(result<Flaw::plain_barrier>(), message);
  EXPECT_DEATH(result<Flaw::no_barrier>(), message);
  EXPECT_DEATH(result<Flaw::copies_too_late>(), "loads at .* has not waited for");
}

TEST_F(GpuEmulatorWarpgroupDeathTest, AProductOfRegistersThatAreNotFencedIsNamed) {
  EXPECT_DEATH(result<Flaw::no_fence>(), "multiplies registers at .*warpgroup_test.cpp.*fence");
}

TEST_F(GpuEmulatorWarpgroupDeathTest, AProductThatNobodyWaitsForIsNamed) {
  const char* message = "kernel .*OneProduct.* ends without .* product at .*warpgroup_test.cpp";
  EXPECT_DEATH(result<Flaw::no_commit>(), message);
  EXPECT_DEATH(result<Flaw::no_wait>(), message);
  EXPECT_DEATH(result<Flaw::waits_for_too_few>(), message);
}

TEST_F(GpuEmulatorWarpgroupDeathTest, WhatIsOverwrittenUnderAProductIsNamed) {
  const auto message = [](const char* what) {
    return fmt::format("overwrites the {} of the product at .*warpgroup_test.cpp", what);
  };
  EXPECT_DEATH(result<Flaw::overwrites_right>(), message("right factor"));
  EXPECT_DEATH(result<Flaw::overwrites_left>(), message("left factor"));
  EXPECT_DEATH(result<Flaw::overwrites_sums>(), message("sums"));
}

TEST_F(GpuEmulatorWarpgroupDeathTest, AProductWithoutAllFourWarpsIsNamed) {
  EXPECT_DEATH(result<Flaw::three_warps>(), "the product of .*warpgroup_test.cpp.*96 of 128");
}

TEST_F(GpuEmulatorWarpgroupDeathTest, LinesOutsideTheSharedMemoryAreNamed) {
  EXPECT_DEATH(result<Flaw::outside>(), "memory that its block does not share at .*warpgroup_test");
}

}  // namespace
}  // namespace robmask
