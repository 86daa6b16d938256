// build/gpu/ladder: times the rungs on a device, beside the products alone.

#include <cstdio>

#include "tools/ladder/gpu_convolution/problem.h"

namespace robmask::ladder {

namespace {

/// The products of rungs 4 to 7 on registers, many enough that none waits for another.
struct Products {
  static constexpr int threads = 128, chains = 32, steps = 500, blocks = 132 * 16;
  static constexpr double work = 2e-12 * blocks * (threads / 32) * steps * chains * 16 * 8 * 16;

  float* out;

  GPU_DEVICE void operator()() const {
    float sums[chains][4] = {};
    const gpu::Fragment left{{static_cast<unsigned>(gpu::thread()), 1, 2, 3}};
    for (int step = 0; step < steps; ++step) {
      GPU_UNROLL
      for (auto& s : sums) gpu::multiply_add<bf16>(s, left, 5, 7);
    }
    float total = 0;
    GPU_UNROLL
    for (const auto& s : sums) total += s[0] + s[1] + s[2] + s[3];
    if (total == 12345) *out = total;  // so that nothing is left out as unused
  }
};

int time_rungs(int argc, char** argv) {
  constexpr int images = 128, times = 16;
  Problem problem(images, times);
  const Tensor out(backend("cuda"), {1, 1, 1, 1}, DType::f32);
  const auto multiply = [&] {
    gpu::launch(problem.stream(), {Products::blocks}, Products{out.data<float>()});
    gpu::synchronize(problem.stream());
  };
  Ladder ladder = problem.ladder();
  ladder.title = fmt::format("{} convolutions of {} images", times, images);
  ladder.peak = {multiply, Products::work};
  return climb(argc, argv, {ladder});
}

}  // namespace

}  // namespace robmask::ladder

int main(int argc, char** argv) {
  try {
    return robmask::ladder::time_rungs(argc, argv);
  } catch (const robmask::Unavailable& e) {
    std::fprintf(stderr, "ladder: %s\n", e.what());
    return 77;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ladder: %s\n", e.what());
    return 1;
  }
}
