#include <cmath>
#include <limits>
#include <numeric>

#include "tests/support/machines.h"

namespace robmask {
namespace {

class Softmax : public OnMachine {};
ROBMASK_ON_ALL_MACHINES(Softmax);

TEST_P(Softmax, AndItsGradientMatchTheirDefinitions) {
  for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{3, 1, 1, 10}, Shape{2, 3, 5, 3},
                             Shape{2, 7, 7, 49}, Shape{5, 1, 1, 1000}})
    for (const Index margin : {0, 3})
      for (const bool add : {false, true}) {
        SCOPED_TRACE(fmt::format("{} margin {} add {}", to_string(shape), margin, add));
        compare([&](Workbench& bench) {
          const Tensor x = bench.input(shape, margin, -5, 5), y = bench.output(shape, margin);
          bench.machine().softmax(y, x);
          const Tensor dy = bench.input(shape, 1);
          bench.machine().softmax_gradient(bench.sink(shape, add, margin), dy, y);
        });
      }
}

TEST_P(Softmax, IsStable) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor x = make_tensor(tested(), {3, 1, 1, 4}, dtype(),
                               {1e30, 1e30, -1e30, 0, -infinity, 5, 5, -1e30, 0, NAN, 1, 2});
  const Tensor y(tested(), x.shape(), dtype());
  tested().softmax(y, x);
  const std::vector<double> p = values_of(y);
  EXPECT_EQ(std::vector(p.begin(), p.begin() + 8),
            (std::vector<double>{0.5, 0.5, 0, 0, 0, 0.5, 0.5, 0}));
  for (int i = 8; i < 12; ++i) EXPECT_TRUE(std::isnan(p[i]));
}

}  // namespace
}  // namespace robmask
