// The emulated tensor cores: what they compute, and the mistakes they find.

#include <bit>
#include <cmath>

#include "engine/random.h"
#include "tests/gpu_emulator/fixture.h"

namespace robmask {
namespace {

using GpuEmulatorMatrix = GpuEmulator;
using GpuEmulatorMatrixDeathTest = GpuEmulator;

/// y = a·b for one warp: a 16×32 bytes by rows; b 8×32 bytes by columns or, `across`, by rows
/// (bf16).
template <class T, bool across>
struct OneProduct {
  static constexpr int threads = 32, depth = 32 / sizeof(T);
  struct Shared {
    alignas(16) T a[16 * depth], b[16 * depth];
  };
  float* y;  // 16×8
  const T *a, *b;

  GPU_DEVICE void operator()() const {
    auto& s = gpu::shared<Shared>();
    const int lane = gpu::thread(), g = lane / 4, t = lane % 4;
    for (int i = lane; i < 16 * depth; i += threads) s.a[i] = a[i];
    for (int i = lane; i < 16 * depth; i += threads) s.b[i] = i < 8 * depth ? b[i] : T(0);
    gpu::barrier();
    const gpu::Fragment left = gpu::load_matrix(s.a + lane % 16 * depth + lane / 16 * (depth / 2));
    const gpu::Fragment right =
        across ? gpu::load_matrix_transposed(s.b + lane % 16 * 8)
               : gpu::load_matrix(s.b + lane % 16 * depth + lane / 16 * (depth / 2));
    float sums[4] = {100, 100, 100, 100};
    gpu::multiply_add<T>(sums, left, right.words[0], right.words[across ? 1 : 2]);
    for (int i = 0; i < 4; ++i) y[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = sums[i];
  }
};

/// Uniform in [−1, 1).
template <class T>
std::vector<T> numbers(Index n, std::uint64_t step) {
  const Stream stream{.seed = 3, .purpose = Purpose::probe, .step = step};
  std::vector<T> values(n);
  for (Index i = 0; i < n; ++i)
    values[i] = T(2 * random_uniform<float>(stream, static_cast<std::uint32_t>(i)) - 1);
  return values;
}

float seen(bf16 x) { return x; }
float seen(float x) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & ~0x1fffu); }

template <class T, bool across>
class Product {
 public:
  static constexpr int depth = 32 / sizeof(T);
  std::vector<T> a, b;

  float expected(int row, int column) const {
    float sum = 100;
    for (int k = 0; k < depth; ++k)
      sum += seen(a[row * depth + k]) * seen(across ? b[k * 8 + column] : b[column * depth + k]);
    return sum;
  }
};

TEST_F(GpuEmulatorMatrix, AWarpMultipliesMatrices) {
  const auto check = [&]<class T, bool across>(Product<T, across> p) {
    p.a = numbers<T>(16 * p.depth, 1), p.b = numbers<T>(8 * p.depth, 2);
    float* y = allocate<float>(128);
    run(OneProduct<T, across>{y, on_device(p.a), on_device(p.b)});
    const auto values = read(y, 128);
    for (int i = 0; i < 128; ++i) EXPECT_EQ(values[i], p.expected(i / 8, i % 8)) << i;
  };
  check(Product<bf16, false>{});
  check(Product<bf16, true>{});
  check(Product<float, false>{});  // by the upper 19 bits, as the device
}

TEST_F(GpuEmulatorMatrix, Tf32RoundsToTheNearestTiesAway) {
  const auto rounded = [](float x) {
    return std::bit_cast<float>(gpu::round_to_tf32(std::bit_cast<std::uint32_t>(x)));
  };
  for (const float x : {0.0F, -1.5F, 1 + 0x1p-10F, 0x1p-126F, INFINITY}) EXPECT_EQ(rounded(x), x);
  EXPECT_EQ(rounded(1 + 0x1p-11F), 1 + 0x1p-10F);
  EXPECT_EQ(rounded(-1 - 0x1p-11F), -1 - 0x1p-10F);
  EXPECT_EQ(rounded(1 + 0x1.8p-12F), 1);
  EXPECT_TRUE(std::isnan(rounded(std::bit_cast<float>(0xffffffffu))));
}

/// Only threads below `come` multiply, or load.
template <bool load>
struct Divergent {
  static constexpr int threads = 64;
  struct Shared {
    alignas(16) float rows[8][4];
  };
  int come, skew;

  GPU_DEVICE void operator()() const {
    if (gpu::thread() >= come) return;
    float sums[4] = {};
    if constexpr (load)
      gpu::load_matrix(gpu::shared<Shared>().rows[0] + skew);
    else
      gpu::multiply_add<float>(sums, {}, 0, 0);
  }
};

TEST_F(GpuEmulatorMatrixDeathTest, AProductWithoutTheWholeWarpIsNamed) {
  EXPECT_DEATH(run(Divergent<false>{48, 0}),
               "kernel .*Divergent.*product of .*matrix_test.cpp.*16 of 32");
  EXPECT_DEATH(run(Divergent<true>{40, 0}),
               "kernel .*Divergent.*matrix load.*matrix_test.cpp.*8 of 32");
}

TEST_F(GpuEmulatorMatrixDeathTest, AnUnalignedRowIsNamed) {
  EXPECT_DEATH(run(Divergent<true>{64, 1}),
               "kernel .*Divergent.*no multiple of 16 at .*matrix_test.cpp");
}

}  // namespace
}  // namespace robmask
