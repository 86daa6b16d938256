// Rung 1: the definition. A thread for each number of y.
//
//   y[p, co] = Σ_{a, b, ci} x[p + tap(a, b), ci] · w[a, b, ci, co]
//
// Neighbouring threads take neighbouring channels. The 32 threads of a warp then want the same
// number of x, which one sector of 32 bytes serves, and 32 neighbours of w, 64 bytes, which two do:
// as good as it gets for single loads. It is what the other rungs are compared with.
//
// Why it is slow: each multiply-add comes with two loads. A multiprocessor could do 128
// multiply-adds in a cycle, but serves one request of a warp in it: that is 16. And each fetches 3
// bytes: memory of 3.35 TB/s, an H100's, brings those of 5 multiply-adds in a cycle. Only because
// caches happen to hold most of what is loaded again is the definition not slower still.

#include "tools/ladder/gpu_convolution/convolution.h"

namespace robmask::ladder {

namespace {

struct Definition {
  static constexpr int threads = 256;

  Maps maps;

  GPU_DEVICE void operator()() const {
    const int at = static_cast<int>(gpu::block().x) * threads + gpu::thread();
    const int p = at / Cout, co = at % Cout;
    float sum = 0;
    for (int a = 0; a < K; ++a)
      for (int b = 0; b < K; ++b) {
        const Tap tap = tap_of(p, a, b);
        if (!tap.inside) continue;  // zeros; p is the same in all of a warp
        for (int ci = 0; ci < Cin; ++ci) {
          const float x = load<bf16>(maps.x + tap.pixel * Cin + ci);
          const float w = load<bf16>(maps.w + ((a * K + b) * Cin + ci) * Cout + co);
          multiply_add(sum, x, w);
        }
      }
    store(maps.y + at, bf16(sum));
  }
};

}  // namespace

void definition(gpu::Stream stream, const Maps& maps) {
  gpu::launch(stream, {maps.pixels * Cout / Definition::threads}, Definition{maps});
}

}  // namespace robmask::ladder
