#include "tools/course/lesson_8/exercises.h"

#include <cmath>

#include "tests/gpu_emulator/fixture.h"

namespace robmask::course {
namespace {

/// Tests in memory of the emulated GPU, which ends the program where a kernel leaves it.
class Lesson8 : public GpuEmulator {
 protected:
  std::vector<float> numbers(Index count, double step) const {
    std::vector<float> values;
    for (Index i = 0; i < count; ++i)
      values.push_back(static_cast<float>(std::sin(step * static_cast<double>(i + 1))));
    return values;
  }
};
using ReluGradient = Lesson8;
using ColumnSums = Lesson8;

TEST_F(ReluGradient, PassesWhereTheOutputIsPositive) {
  for (const Index count : {1, 31, 256, 1000}) {
    const std::vector<float> dy = numbers(count, 0.7);
    std::vector<float> y = numbers(count, 1.9);
    y[0] = 0;  // no slope to the left of 0, and none at 0
    float* dx = allocate<float>(count);
    relu_gradient(stream_, dx, on_device(dy), on_device(y), count, false);
    const std::vector<float> result = read(dx, count);
    for (Index i = 0; i < count; ++i)
      ASSERT_EQ(result[i], y[i] > 0 ? dy[i] : 0)
          << "element " << i << " of " << count << "; NaN: nobody wrote it, or it was read first";
  }
}

TEST_F(ReluGradient, AddsToWhatIsThere) {
  const std::vector<float> dy{1, 2, 4, 8}, y{1, 0, -1, 2}, before{100, 200, 300, 400};
  float* dx = on_device(before);
  relu_gradient(stream_, dx, on_device(dy), on_device(y), 4, true);
  EXPECT_EQ(read(dx, 4), (std::vector<float>{101, 200, 300, 408}));
}

TEST_F(ReluGradient, WorksInPlace) {
  const std::vector<float> dy{1, 2, 4, 8}, y{1, 0, -1, 2};
  float* dx = on_device(dy);
  relu_gradient(stream_, dx, dx, on_device(y), 4, false);
  EXPECT_EQ(read(dx, 4), (std::vector<float>{1, 0, 0, 8}));
}

TEST_F(ReluGradient, SharesTheElementsOutOverAGrid) {
  const auto launches =
      captured(stream_, [&] { relu_gradient(stream_, nullptr, nullptr, nullptr, 10000, false); });
  ASSERT_EQ(launches.size(), 1) << "one launch";
  const Index started = Index{launches[0].blocks.x} * launches[0].threads;
  EXPECT_GE(started, 10000) << "a thread for each element";
  EXPECT_LT(started, 10000 + launches[0].threads) << "and no block without any";
}

/// Numbers of very different size, so that sums in another order have other last digits.
std::vector<float> uneven_numbers(Index count) {
  std::vector<float> values;
  for (Index i = 0; i < count; ++i)
    values.push_back(static_cast<float>(std::ldexp(std::sin(0.37 * static_cast<double>(i + 1)),
                                                   static_cast<int>(i * 13 % 61) - 30)));
  return values;
}

/// The order that the exercise asks for, on the host.
std::vector<double> in_order(const std::vector<float>& x, Index rows, Index channels) {
  std::vector<double> sums;
  for (Index c = 0; c < channels; ++c) {
    double sum = 0;
    for (Index warp = 0; warp < 8; ++warp) {
      double part = 0;
      for (Index r = warp; r < rows; r += 8) part += x[r * channels + c];
      sum = warp == 0 ? part : sum + part;
    }
    sums.push_back(sum);
  }
  return sums;
}

TEST_F(ColumnSums, AddsUpEachChannel) {
  const std::vector<float> x{1, 10, 100, 2, 20, 200, 3, 30, 300};  // 3 rows of 3
  double* sums = allocate<double>(3);
  column_sums(stream_, sums, on_device(x), 3, 3);
  EXPECT_EQ(read(sums, 3), (std::vector<double>{6, 60, 600}))
      << "NaN: shared memory was read before it was written, or a sum was not written";
}

TEST_F(ColumnSums, FitsAnyNumberOfRowsAndChannels) {
  for (const Index rows : {0, 1, 7, 8, 100})
    for (const Index channels : {1, 32, 33, 70}) {
      const std::vector<float> x = uneven_numbers(rows * channels);
      double* sums = allocate<double>(channels);
      column_sums(stream_, sums, rows > 0 ? on_device(x) : nullptr, rows, channels);
      EXPECT_EQ(read(sums, channels), in_order(x, rows, channels))
          << rows << " rows of " << channels << " channels: sums in the order of the exercise";
    }
}

TEST_F(ColumnSums, HasTheSameBitsInAnyOrderOfThreads) {
  const std::vector<float> x = uneven_numbers(500 * 40);
  for (const int seed : {1, 2, 3, 4}) {
    gpu::emulated::shuffle_order(seed);
    double* sums = allocate<double>(40);
    column_sums(stream_, sums, on_device(x), 500, 40);
    EXPECT_EQ(read(sums, 40), in_order(x, 500, 40))
        << "order " << seed << ": who reads what another wrote must wait for a barrier";
  }
}

TEST_F(ColumnSums, StartsABlockOf256ForEach32Channels) {
  const auto launches = captured(stream_, [&] { column_sums(stream_, nullptr, nullptr, 9, 70); });
  ASSERT_EQ(launches.size(), 1) << "one launch";
  EXPECT_EQ(launches[0].threads, 256);
  EXPECT_EQ(launches[0].blocks, gpu::Blocks(3)) << "⌈70 / 32⌉";
}

}  // namespace
}  // namespace robmask::course
