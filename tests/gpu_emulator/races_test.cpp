// ThreadSanitizer sees the races of kernels (make test-races); it ends the program with exit code
// 66.

#include <gtest/gtest.h>

#include "engine/cuda/gpu.h"

namespace robmask {
namespace {

/// Each thread passes its number to its neighbour through shared memory; `Careful` ones wait.
template <bool Careful>
struct Neighbour {
  static constexpr int threads = 64;
  struct Shared {
    int values[threads];
  };
  int* y;

  GPU_DEVICE void operator()() const {
    auto& s = gpu::shared<Shared>();
    const int i = gpu::thread();
    for (int round = 0; round < 3; ++round) {
      s.values[i] = i;
      gpu::barrier();
      y[gpu::block().x * threads + i] = s.values[(i + 1) % threads];
      if constexpr (Careful) gpu::barrier();
    }
  }
};

/// Every block writes to the same place.
struct Collide {
  static constexpr int threads = 32;
  int* y;
  GPU_DEVICE void operator()() const {
    if (gpu::thread() == static_cast<int>(gpu::block().x)) *y = 1;
  }
};

/// Passes a number through memory, as if a shuffle were a barrier.
struct Shuffle {
  static constexpr int threads = 32;
  int* y;
  GPU_DEVICE void operator()() const {
    y[gpu::thread()] = 1;
    gpu::shuffle_xor(1, 1);
    y[gpu::thread() ^ 1] += 1;
  }
};

/// Each thread reads what its neighbour copied and waited for; `Careful` ones wait for the
/// neighbour too.
template <bool Careful>
struct CopyAcross {
  static constexpr int threads = 64;
  struct Shared {
    alignas(16) int values[threads][4];
  };
  int* y;

  GPU_DEVICE void operator()() const {
    auto& s = gpu::shared<Shared>();
    const int i = gpu::thread();
    gpu::copy_async(s.values[i], nullptr, false);
    gpu::commit_copies();
    gpu::wait_copies<0>();
    if constexpr (Careful) gpu::barrier();
    y[gpu::block().x * threads + i] = s.values[(i + 1) % threads][0];
  }
};

/// Each thread of a warp overwrites a word of a matrix that all have loaded: its own, or its
/// neighbour's if it is not `Careful`.
template <bool Careful>
struct OverwriteMatrix {
  static constexpr int threads = 32;
  struct Shared {
    alignas(16) std::uint32_t words[4][8][4];
  };
  int* y;

  GPU_DEVICE void operator()() const {
    auto& s = gpu::shared<Shared>();
    const int i = gpu::thread(), at = Careful ? i : i ^ 1;
    for (auto& word : s.words[i / 8][i % 8]) word = 1;
    gpu::barrier();
    const gpu::Fragment f = gpu::load_matrix(s.words[i / 8][i % 8]);
    s.words[0][at / 4][at % 4] = 2;
    y[gpu::block().x * threads + i] = static_cast<int>(f.words[0]);
  }
};

class RacesDeathTest : public testing::Test {
 protected:
  int* y = reinterpret_cast<int*>(gpu::allocate(64 * 64 * sizeof(int)));
  gpu::Stream stream = gpu::make_stream();

  template <class Kernel>
  void run(const Kernel& kernel) {
    gpu::launch(stream, 8, kernel);
    gpu::launch(stream, 8, kernel);  // launches are ordered
    gpu::synchronize(stream);
  }
};

TEST_F(RacesDeathTest, AMissingBarrierIsFound) {
  EXPECT_EXIT(run(Neighbour<false>{y}), testing::ExitedWithCode(66), "data race.*races_test.cpp");
}

TEST_F(RacesDeathTest, TwoBlocksThatWriteToOnePlaceAreFound) {
  EXPECT_EXIT(run(Collide{y}), testing::ExitedWithCode(66), "data race.*races_test.cpp");
}

TEST_F(RacesDeathTest, AShuffleDoesNotOrderMemory) {
  EXPECT_EXIT(run(Shuffle{y}), testing::ExitedWithCode(66), "data race.*races_test.cpp");
}

TEST_F(RacesDeathTest, AWaitForCopiesOrdersOnlyItsOwnThread) {
  EXPECT_EXIT(run(CopyAcross<false>{y}), testing::ExitedWithCode(66), "data race.*races_test.cpp");
}

TEST_F(RacesDeathTest, AMatrixIsReadByWhomItsWordsGoTo) {
  EXPECT_EXIT(run(OverwriteMatrix<false>{y}), testing::ExitedWithCode(66),
              "data race.*races_test.cpp");
  run(OverwriteMatrix<true>{y});
}

TEST_F(RacesDeathTest, BarriersOrderABlock) {
  run(Neighbour<true>{y});
  run(CopyAcross<true>{y});
}

}  // namespace
}  // namespace robmask
