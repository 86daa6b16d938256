#include "tools/ladder/gpu_convolution/problem.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/cuda/cuda_backend.h"

namespace robmask::ladder {

namespace {

Tensor random_tensor(Backend& machine, const Shape& shape, unsigned seed) {
  const std::vector<float> values = numbers(shape.count(), seed);
  std::vector<bf16> rounded(values.size());
  std::ranges::transform(values, rounded.begin(), [](float v) { return bf16(v); });
  return make_tensor(machine, shape, rounded);
}

}  // namespace

Problem::Problem(Index images, int times)
    : times_(times),
      machine_(backend("cuda")),
      stream_(dynamic_cast<cuda::CudaBackend&>(machine_).stream()),
      x_(random_tensor(machine_, {images, H, W, Cin}, 1)),
      w_(random_tensor(machine_, {K, K, Cin, Cout}, 2)),
      y_(machine_, {images, H, W, Cout}, DType::bf16),
      maps_{y_.data<bf16>(), x_.data<bf16>(), w_.data<bf16>(), static_cast<int>(images) * H * W},
      result_(y_.shape().count(), std::numeric_limits<float>::quiet_NaN()) {}

void Problem::run(const std::function<void()>& convolve) {
  const bool forgotten = std::isnan(result_.front());
  if (forgotten) machine_.fill(y_, std::numeric_limits<double>::quiet_NaN());
  for (int i = 0; i < times_; ++i) convolve();
  gpu::synchronize(stream_);
  if (forgotten) std::ranges::copy(y_.to_host<bf16>(), result_.begin());
}

Ladder Problem::ladder() {
  const auto rung = [this](std::string name, Convolution* f) {
    return Rung{std::move(name), [this, f] { run([&] { f(stream_, maps_); }); }};
  };
  // Sums in another order differ by some 1e-7, and now and then round to another bf16, 4e-3 away.
  constexpr double tolerance = 3e-4;
  const auto engine = [this] { machine_.conv2d(y_, x_, w_, {.kernel = K, .pad = 1}); };
  return {.title = "convolution on the GPU",
          .unit = "TFLOP/s",
          .work = 2e-12 * times_ * multiply_adds(),
          .peak = {},
          .rungs = {rung("definition", definition),
                    rung("shared tile", shared_tile),
                    rung("register tile", register_tile),
                    rung("tensor cores", tensor_cores),
                    rung("matrix loads", matrix_loads),
                    rung("swizzle", swizzle),
                    rung("copies in stages", copies),
                    {"the engine", [this, engine] { run(engine); }}},
          .result = std::span(result_),
          .tolerance = tolerance,
          .clock = Clock::wall};
}

}  // namespace robmask::ladder
