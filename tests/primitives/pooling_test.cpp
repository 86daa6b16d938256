#include <cmath>
#include <limits>

#include "tests/support/machines.h"

namespace robmask {
namespace {

Shape pooled(const Shape& x, const Window& window) {
  return {x.n, window.output(x.h), window.output(x.w), x.c};
}

class Pooling : public OnMachine {
 protected:
  struct Case {
    Shape x;
    Window window;
    Index margin;
    bool add;
  };
  void sweep(const std::vector<std::pair<Shape, Window>>& cases,
             const std::function<void(Workbench&, const Case&)>& work) const {
    for (const auto& [x, window] : cases)
      for (const Index margin : {0, 3})
        for (const bool add : {false, true}) {
          SCOPED_TRACE(fmt::format("x {} kernel {} margin {} add {}", to_string(x), window.kernel,
                                   margin, add));
          compare([&](Workbench& bench) { work(bench, {x, window, margin, add}); });
        }
  }
};
ROBMASK_ON_ALL_MAPS(Pooling);

const std::vector<std::pair<Shape, Window>> tiles = {
    {{2, 4, 4, 10}, {2, 2, 0, 1}}, {{3, 4, 4, 64}, {4, 4, 0, 1}}, {{2, 8, 12, 3}, {4, 4, 0, 1}},
    {{2, 5, 5, 4}, {1, 1, 0, 1}},  {{1, 7, 7, 17}, {7, 7, 0, 1}},
};
const std::vector<std::pair<Shape, Window>> windows = {
    {{2, 8, 8, 10}, {3, 2, 1, 1}}, {{3, 7, 5, 64}, {3, 2, 1, 1}}, {{2, 6, 4, 3}, {2, 2, 0, 1}},
    {{2, 5, 5, 4}, {3, 1, 1, 1}},  {{1, 1, 1, 17}, {3, 2, 1, 1}},
};

TEST_P(Pooling, AverageIsTheMeanOfEachTile) {
  sweep(tiles, [](Workbench& bench, const Case& c) {
    const Tensor x = bench.input(c.x, c.margin);
    bench.machine().average_pool(bench.output(pooled(c.x, c.window), c.margin), x, c.window);
  });
}

TEST_P(Pooling, AverageGradientSpreadsEvenly) {
  sweep(tiles, [](Workbench& bench, const Case& c) {
    const Tensor dy = bench.input(pooled(c.x, c.window), c.margin);
    bench.machine().average_pool_gradient(bench.sink(c.x, c.add, c.margin), dy, c.window);
  });
}

TEST_P(Pooling, AverageOfMapsMayBeReal) {
  sweep(tiles, [](Workbench& bench, const Case& c) {
    const Shape out = pooled(c.x, c.window);
    bench.machine().average_pool(bench.real_output(out), bench.input(c.x, c.margin), c.window);
    const Tensor dy = bench.real_input(out, c.margin);
    bench.machine().average_pool_gradient(bench.sink(c.x, c.add, c.margin), dy, c.window);
  });
}

TEST_P(Pooling, MaximumAndItsGradientFollowTheChosenPixel) {
  sweep(windows, [](Workbench& bench, const Case& c) {
    const Shape out = pooled(c.x, c.window);
    const Tensor x = bench.input(c.x, c.margin), argmax = bench.integer_output(out);
    bench.machine().max_pool(bench.output(out, c.margin), argmax, x, c.window);
    const Tensor dy = bench.input(out, c.margin);
    bench.machine().max_pool_gradient(bench.sink(c.x, c.add, c.margin), dy, argmax, c.window);
  });
}

TEST_P(Pooling, MaximumTakesTheFirstPixelOfATie) {
  compare([](Workbench& bench) {
    const Tensor x = bench.input({2, 6, 6, 5}, 0, -0.25, -0.25),
                 argmax = bench.integer_output({2, 3, 3, 5});
    bench.machine().max_pool(bench.output({2, 3, 3, 5}), argmax, x, {3, 2, 1, 1});
  });
}

TEST_P(Pooling, MaximumLetsNanThrough) {
  Workbench bench(tested(), dtype());
  const Tensor x = bench.input({1, 2, 2, 20}), y = bench.output({1, 1, 1, 20});
  const Tensor last_pixel = x.reshaped({4, 1, 1, 20}).images(3, 1);
  tested().fill(last_pixel.channels(7, 1), std::numeric_limits<double>::quiet_NaN());
  tested().max_pool(y, bench.integer_output(y.shape()), x, {2, 2, 0, 1});
  EXPECT_TRUE(std::isnan(values_of(y)[7]));
}

}  // namespace
}  // namespace robmask
