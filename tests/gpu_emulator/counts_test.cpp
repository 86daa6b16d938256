// The counts of requests, on kernels of one warp whose numbers are worked out by hand.

#include "tests/gpu_emulator/counts.h"

#include "tests/gpu_emulator/fixture.h"
#include "tools/ladder/gpu_convolution/access.h"

namespace robmask {
namespace {

using gpu::emulated::Counts;
using ladder::load, ladder::store;

class GpuEmulatorCounts : public GpuEmulator {
 protected:
  template <class Kernel>
  Counts count(const Kernel& kernel, gpu::Blocks blocks = {}) {
    gpu::emulated::start_counting();
    run(kernel, blocks);
    return gpu::emulated::stop_counting();
  }
};

/// Lane i loads the T at i·stride of device memory, if it is below `lanes`.
template <class T>
struct LoadGlobal {
  static constexpr int threads = 32;
  const std::byte* from;
  int stride, lanes;

  GPU_DEVICE void operator()() const {
    load<T>(from + gpu::thread() * stride, gpu::thread() < lanes);
  }
};

TEST_F(GpuEmulatorCounts, ARequestTakesTheSectorsThatItTouches) {
  const auto* memory = allocate<std::byte>(32 * 64);
  const auto sectors = [&]<class T>(T, int stride, int lanes = 32) {
    const Counts c = count(LoadGlobal<T>{memory, stride, lanes});
    EXPECT_EQ(c.loads.requests, 1u);
    EXPECT_EQ(c.stores.requests + c.shared.requests, 0u);
    return c.loads.sectors;
  };
  EXPECT_EQ(sectors(0.0F, 4), 4u);            // neighbours: 128 bytes
  EXPECT_EQ(sectors(0.0F, 0), 1u);            // all the same
  EXPECT_EQ(sectors(0.0F, 64), 32u);          // one in each sector
  EXPECT_EQ(sectors(0.0F, 4, 9), 2u);         // nine lanes: 36 bytes
  EXPECT_EQ(sectors(bf16(0.0F), 2), 2u);      // 64 bytes
  EXPECT_EQ(sectors(gpu::Chunk{}, 16), 16u);  // 512 bytes
}

TEST_F(GpuEmulatorCounts, ARequestThatNoLaneWantsIsNone) {
  EXPECT_EQ(count(LoadGlobal<float>{nullptr, 4, 0}).loads.requests, 0u);
}

/// Lane i takes part in i % 2 + 1 loads: requests of 32 lanes and of 16.
struct LoadUnequally {
  static constexpr int threads = 32;
  const float* from;

  GPU_DEVICE void operator()() const {
    for (int k = 0; k <= gpu::thread() % 2; ++k) load<float>(from + gpu::thread());
  }
};

TEST_F(GpuEmulatorCounts, TheKthAccessOfEachLaneIsOneRequest) {
  const Counts c = count(LoadUnequally{allocate<float>(32)}, {3});
  EXPECT_EQ(c.loads.requests, 2 * 3u);
  EXPECT_EQ(c.loads.sectors, 8 * 3u);
}

/// Lane i writes the T at i·stride of shared memory; none writes where another does.
template <class T>
struct StoreShared {
  static constexpr int threads = 32;
  struct Shared {
    alignas(16) std::byte memory[32 * 128 + 16];
  };
  int stride;

  GPU_DEVICE void operator()() const {
    store(gpu::shared<Shared>().memory + gpu::thread() * stride, T{});
  }
};

TEST_F(GpuEmulatorCounts, LanesThatMeetInABankTakeTurns) {
  const auto wavefronts = [&]<class T>(T, int stride) {
    const Counts c = count(StoreShared<T>{stride});
    EXPECT_EQ(c.shared.requests, 1u);
    return c.shared.wavefronts;
  };
  EXPECT_EQ(wavefronts(0.0F, 4), 1u);           // a word in each bank
  EXPECT_EQ(wavefronts(0.0F, 8), 2u);           // every second bank, twice
  EXPECT_EQ(wavefronts(0.0F, 128), 32u);        // all in one bank
  EXPECT_EQ(wavefronts(0.0F, 132), 1u);         // rows padded by a word
  EXPECT_EQ(wavefronts(0.0F, 0), 1u);           // one word for all
  EXPECT_EQ(wavefronts(bf16(0.0F), 2), 1u);     // two lanes a word
  EXPECT_EQ(wavefronts(0.0, 8), 2u);            // phases of 16 lanes
  EXPECT_EQ(wavefronts(gpu::Chunk{}, 16), 4u);  // of 8 lanes
  EXPECT_EQ(wavefronts(gpu::Chunk{}, 0), 4u);
  EXPECT_EQ(wavefronts(gpu::Chunk{}, 64), 16u);  // in each, eight lanes in two places
}

/// A left fragment of 16 rows of 64 bytes, chunk c of row r at place c ^ (r / 2 · swizzle) % 4;
/// brought by asynchronous copies.
struct LoadRows {
  static constexpr int threads = 32;
  struct Shared {
    gpu::Chunk rows[16][4];
  };
  const gpu::Chunk* from;
  int swizzle;

  GPU_DEVICE void operator()() const {
    auto& rows = gpu::shared<Shared>().rows;
    const int lane = gpu::thread();
    for (int i = lane; i < 64; i += threads)
      gpu::copy_async(&rows[i / 4][i % 4 ^ i / 8 * swizzle % 4], from + i, lane < 16);
    gpu::commit_copies();
    gpu::wait_copies<0>();
    gpu::barrier();
    const int row = lane % 16, chunk = lane / 16;
    const gpu::Fragment f = gpu::load_matrix(&rows[row][chunk ^ row / 2 * swizzle % 4]);
    float sums[4] = {};
    gpu::multiply_add<bf16>(sums, f, 0, 0);
  }
};

TEST_F(GpuEmulatorCounts, ASwizzleSpreadsTheRowsOfAMatrixOverTheBanks) {
  const auto* from = on_device(std::vector<gpu::Chunk>(64));
  for (const int swizzle : {0, 1}) {
    const Counts c = count(LoadRows{from, swizzle});
    EXPECT_EQ(c.matrix_loads.requests, 1u);
    // Four matrices; in each, eight rows 64 bytes apart begin at two places of 128 bytes.
    EXPECT_EQ(c.matrix_loads.wavefronts, swizzle ? 4u : 16u);
    // Two copies of each lane, of 32 times 16 bytes; half of them are zeros that nobody loads.
    EXPECT_EQ(c.copies.requests, 2u);
    EXPECT_EQ(c.copies.sectors, 16u);
    EXPECT_EQ(c.copies_to.requests, 2u);
    EXPECT_EQ(c.copies_to.wavefronts, 8u);
    EXPECT_EQ(c.barriers, 1u);
    EXPECT_EQ(c.products, 1u);
    EXPECT_EQ(c.loads.requests + c.stores.requests + c.shared.requests, 0u);
  }
}

TEST_F(GpuEmulatorCounts, NothingIsCountedBeforeAndBehind) {
  const LoadRows kernel{on_device(std::vector<gpu::Chunk>(64)), 1};
  run(kernel);
  gpu::emulated::start_counting();
  const Counts c = gpu::emulated::stop_counting();
  run(kernel);
  EXPECT_EQ(c.barriers + c.products + c.copies.requests + c.matrix_loads.requests, 0u);
}

}  // namespace
}  // namespace robmask
