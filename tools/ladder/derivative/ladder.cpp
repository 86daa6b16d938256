// Automatic differentiation, from the definition of a derivative to the engine's tape.

#include "tools/ladder/ladder.h"
#include "engine/backend.h"
#include "engine/threads.h"
#include "tools/ladder/derivative/network.h"

namespace robmask::ladder {

namespace {

std::vector<double> doubles(std::size_t count, unsigned seed, double scale) {
  std::vector<double> values;
  for (const float v : numbers(count, seed)) values.push_back(scale * v);
  return values;
}

/// Two products of a row forward, three of them back; each a multiplication and an addition.
constexpr double work = 2e-9 * N * (2 * D * H + 3 * H * K);

int climb_derivative(int argc, char** argv) {
  set_thread_count(1);
  Backend& machine = backend("cpu");
  const std::vector<double> x = doubles(N * D, 1, 1), w = doubles(weights, 2, 0.2);
  std::vector<std::int32_t> labels(N);
  for (int n = 0; n < N; ++n) labels[n] = n % K;
  std::vector<double> gradient(weights);

  const Network net{x.data(), labels.data(), w.data(), gradient.data()};
  const EngineNetwork tensors{
      .x = Variable(make_tensor(machine, {N, 1, 1, D}, x)),
      .labels = make_tensor(machine, {N, 1, 1, 1}, labels),
      .w1 = Variable(make_tensor(machine, {1, 1, D, H}, std::vector(w.begin(), w.begin() + D * H))),
      .w2 = Variable(make_tensor(machine, {1, 1, H, K}, std::vector(w.begin() + D * H, w.end()))),
      .gradient = gradient.data()};
  Peak peak = multiply_adds();
  peak.work /= 2;  // a vector has half as many doubles as floats
  const auto rung = [&](std::string name, Gradient* f) {
    return Rung{std::move(name), [&net, f] { f(net); }};
  };
  return climb(argc, argv,
               {{.title = "derivative",
                 .unit = "GFLOP/s",
                 .work = work,
                 .peak = peak,
                 .rungs = {rung("finite differences", finite_differences),
                           rung("the chain rule by hand", by_hand),
                           rung("a tape of scalars", tape_of_scalars),
                           {"the engine", [&] { engine(tensors); }}},
                 .result = std::span(gradient),
                 .tolerance = 1e-8}});
}

}  // namespace

}  // namespace robmask::ladder

int main(int argc, char** argv) { return robmask::ladder::climb_derivative(argc, argv); }
