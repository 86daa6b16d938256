// Convolution on the CPU, from its definition to what the engine does.

#include "tools/ladder/ladder.h"
#include "tools/ladder/convolution/convolution.h"

using namespace robmask::ladder;

int main(int argc, char** argv) {
  const std::vector<float> x = numbers(N * H * W * Cin, 1), w = numbers(K * K * Cin * Cout, 2);
  std::vector<float> y(N * H * W * Cout);
  const auto rung = [&](std::string name, Convolution* f) {
    return Rung{std::move(name), [&, f] { f(y.data(), x.data(), w.data()); }};
  };
  return climb(argc, argv,
               {{.title = "convolution",
                 .unit = "GFLOP/s",
                 .work = 2e-9 * N * H * W * K * K * Cin * Cout,
                 .peak = multiply_adds(),
                 .rungs = {rung("definition", definition)},
                 .result = std::span(y),
                 .tolerance = 1e-5}});
}
