// Convolution on the CPU, from its definition to what the engine does; docs/ladders.md.

#include "tools/ladder/ladder.h"
#include "engine/backend.h"
#include "engine/threads.h"
#include "tools/ladder/convolution/convolution.h"

using namespace robmask;
using namespace robmask::ladder;

int main(int argc, char** argv) {
  set_thread_count(1);  // of the engine: the other rungs have no more
  Backend& cpu = backend("cpu");
  const Tensor x = make_tensor(cpu, {N, H, W, Cin}, numbers(N * H * W * Cin, 1)),
               w = make_tensor(cpu, {K, K, Cin, Cout}, numbers(K * K * Cin * Cout, 2)),
               y(cpu, {N, H, W, Cout}, DType::f32);
  const auto rung = [&](std::string name, Convolution* f) {
    return Rung{std::move(name), [&, f] { f(y.data<float>(), x.data<float>(), w.data<float>()); }};
  };
  return climb(argc, argv,
               {{.title = "convolution",
                 .unit = "GFLOP/s",
                 .work = 2e-9 * N * H * W * K * K * Cin * Cout,
                 .peak = multiply_adds(),
                 .rungs = {rung("definition", definition),
                           rung("loops reordered", reordered),
                           rung("tap by tap", taps),
                           rung("tile in registers", tile),
                           rung("patches and Eigen", patches),
                           rung("packed weights", packed),
                           rung("vectors by hand", vectors),
                           rung("Winograd F(2×2, 3×3)", winograd_2),
                           rung("Winograd F(4×4, 3×3)", winograd_4),
                           {"engine", [&] { engine(y, x, w); }}},
                 .result = std::span(y.data<float>(), N * H * W * Cout),
                 .tolerance = 1e-5}});
}
