// The emulator finds the mistakes that a kernel can make.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/gpu_emulator/fixture.h"
#include "tests/support/workbench.h"

namespace robmask {
namespace {

constexpr Index count = 64;

/// Each thread passes its number to its neighbour through shared memory; `Careful` ones wait.
template <bool Careful>
struct Neighbour {
  static constexpr int threads = count;
  struct Shared {
    float values[threads];
  };
  float* y;

  GPU_DEVICE void operator()() const {
    auto& s = gpu::shared<Shared>();
    const int i = gpu::thread();
    s.values[i] = static_cast<float>(i);
    if constexpr (Careful) gpu::barrier();
    y[gpu::block().x * threads + i] = s.values[(i + 1) % threads];
  }
};

/// The sum of a warp, in every thread of it; then the same by halves, in thread 0 of each warp.
struct WarpSum {
  static constexpr int threads = count;
  double* sum;

  GPU_DEVICE void operator()() const {
    double all = gpu::thread(), first = all;
    for (int mask = 16; mask > 0; mask /= 2) {
      all += gpu::shuffle_xor(all, mask);
      first += gpu::shuffle_down(first, mask);
    }
    sum[gpu::thread()] = gpu::thread() % gpu::warp_size == 0 ? all + first : all;
  }
};

/// Threads below `stay` wait or shuffle, the others leave.
template <bool Shuffle>
struct Leaver {
  static constexpr int threads = count;
  int stay;

  GPU_DEVICE void operator()() const {
    if (gpu::thread() >= stay) return;
    if constexpr (Shuffle)
      gpu::shuffle_xor(1, 1);
    else
      gpu::barrier();
  }
};

/// Half of the block waits at one line, half at another.
struct Parted {
  static constexpr int threads = count;
  GPU_DEVICE void operator()() const {
    if (gpu::thread() < threads / 2) {
      gpu::barrier();
    } else {
      gpu::barrier();
    }
  }
};

struct Write {
  static constexpr int threads = 32;
  float* y;
  Index at;
  GPU_DEVICE void operator()() const {
    if (gpu::thread() == 0) y[at] = 1;
  }
};

/// Writes one past what the block shares.
struct Overshare {
  static constexpr int threads = 32;
  struct Shared {
    float values[threads];
  };
  GPU_DEVICE void operator()() const {
    float* values = gpu::shared<Shared>().values;
    values[gpu::thread() + 1] = 1;
  }
};

/// The order in which blocks come, which no kernel may depend on: the only unlawful one here.
struct Order {
  static constexpr int threads = 32;
  Index *counter, *order;
  GPU_DEVICE void operator()() const {
    if (gpu::thread() == 0) order[gpu::block().x] = (*counter)++;
  }
};

using GpuEmulatorDeathTest = GpuEmulator;

TEST_F(GpuEmulator, SharedMemoryPassesNumbersAcrossABarrier) {
  float* y = allocate<float>(3 * count);
  run(Neighbour<true>{y}, 3);
  const auto values = read(y, 3 * count);
  for (Index i = 0; i < 3 * count; ++i) EXPECT_EQ(values[i], (i + 1) % count);
}

TEST_F(GpuEmulator, AMissingBarrierShowsAsNan) {
  float* y = allocate<float>(count);
  run(Neighbour<false>{y});
  const auto values = read(y, count);
  EXPECT_TRUE(std::any_of(values.begin(), values.end(), [](float v) { return std::isnan(v); }));
}

TEST_F(GpuEmulator, ShufflesSumAWarp) {
  double* sum = allocate<double>(count);
  run(WarpSum{sum});
  const auto values = read(sum, count);
  for (Index i = 0; i < count; ++i) {
    const double warp = i < 32 ? 496 : 1520;
    EXPECT_EQ(values[i], i % 32 == 0 ? 2 * warp : warp);
  }
}

TEST_F(GpuEmulator, FreshMemoryIsNan) {
  for (const float value : read(allocate<float>(count), count)) EXPECT_TRUE(std::isnan(value));
}

TEST_F(GpuEmulator, ALaunchCopiesTheFieldsOfTheKernel) {
  float* y = allocate<float>(count);
  Write kernel{y, 0};
  gpu::launch(stream_, 1, kernel);
  kernel.at = 1;
  const auto values = read(y, count);
  EXPECT_EQ(values[0], 1);
  EXPECT_TRUE(std::isnan(values[1]));
}

TEST_F(GpuEmulator, ALaunchOfNoBlocksDoesNothing) {
  float* y = allocate<float>(count);
  run(Write{y, 0}, 0);
  EXPECT_TRUE(std::isnan(read(y, count)[0]));
}

TEST_F(GpuEmulator, BlocksComeInTheOrderOfTheSeed) {
  const auto order_of = [&](std::uint64_t seed) {
    Index *counter = allocate<Index>(1), *order = allocate<Index>(count);
    const Index zero = 0;
    gpu::copy_to_device(stream_, reinterpret_cast<std::byte*>(counter), &zero, sizeof zero);
    gpu::emulated::shuffle_order(seed);
    run(Order{counter, order}, count);
    return read(order, count);
  };
  const auto order = order_of(5);
  EXPECT_EQ(order, order_of(5));
  EXPECT_NE(order, order_of(6));
  EXPECT_TRUE(std::is_permutation(order.begin(), order.end(), order_of(6).begin()));
}

TEST_F(GpuEmulator, NoSumDependsOnTheOrderOfTheSeed) {
  // dy: 4096·16, the sum of its rows in several chunks
  Backend& machine = backend("cuda");
  Workbench bench(machine, DType::f32);
  const Tensor dy = bench.input({4, 32, 32, 16}), db = bench.output({1, 1, 1, 16});
  std::set<std::vector<float>> results;
  for (int seed = 1; seed <= 5; ++seed) {
    gpu::emulated::shuffle_order(seed);
    machine.bias_gradient({db}, dy);
    results.insert(db.to_host<float>());
  }
  EXPECT_EQ(results.size(), 1);
}

TEST_F(GpuEmulator, MoreMemoryThanThereIsComesToNothing) {
  EXPECT_EQ(gpu::allocate(gpu::free_memory() + 1), nullptr);
}

TEST_F(GpuEmulatorDeathTest, ABarrierThatSomeNeverReachIsNamed) {
  EXPECT_DEATH(run(Leaver<false>{33}), "kernel .*Leaver<false>.*emulator_test.cpp:.*33 of 64");
  EXPECT_DEATH(run(Parted{}), "kernel .*Parted.*emulator_test.cpp:.*emulator_test.cpp:");
}

TEST_F(GpuEmulatorDeathTest, AShuffleWithoutTheWholeWarpIsNamed) {
  EXPECT_DEATH(run(Leaver<true>{31}), "kernel .*Leaver<true>.*shuffle.*31 of 32");
}

TEST_F(GpuEmulatorDeathTest, AnAccessOutsideTheMemoryIsNamed) {
  float* y = allocate<float>(count);
  EXPECT_DEATH(run(Write{y, count}),
               "kernel .*Write.*thread 0: touches byte 256 of 256 .* at .*emulator_test.cpp:");
  EXPECT_DEATH(run(Overshare{}),
               "kernel .*Overshare.*thread 31: touches .* at .*emulator_test.cpp:");
}

TEST_F(GpuEmulatorDeathTest, AGridThatNoDeviceHasIsNamed) {
  float* y = allocate<float>(count);
  EXPECT_DEATH(run(Write{y, 0}, {1, 65536}), "Write is started over a grid of 1 x 65536 x 1");
  EXPECT_DEATH(run(Write{y, 0}, {1, 1, 65536}), "Write is started over a grid of 1 x 1 x 65536");
}

TEST_F(GpuEmulatorDeathTest, AWriteBeforeTheMemoryIsFoundOnReleaseOrAtTheEnd) {
  float* y = allocate<float>(count);
  EXPECT_DEATH(
      {
        run(Write{y, -1});
        gpu::release(reinterpret_cast<std::byte*>(y));
      },
      "wrote before");
  EXPECT_DEATH(
      {
        run(Write{y, -1});
        std::exit(0);
      },
      "wrote before");
}

TEST_F(GpuEmulatorDeathTest, TheHostCannotReadTheDevice) {
  const volatile float* y = allocate<float>(count);
  EXPECT_DEATH(static_cast<void>(y[3]), "the host: touches byte 12 of 256");
}

}  // namespace
}  // namespace robmask
