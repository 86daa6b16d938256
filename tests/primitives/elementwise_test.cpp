#include <cmath>
#include <limits>

#include "tests/support/machines.h"

namespace robmask {
namespace {

class Elementwise : public OnMachine {
 protected:
  struct Case {
    Shape shape;
    Index margin;
    bool add;  // for the primitives that write to a sink
  };
  /// Runs `work` for narrow, wide, pitched and empty-of-margin maps, writing and adding.
  void sweep(const std::function<void(Workbench&, const Case&)>& work) const {
    for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{3, 5, 3, 3}, Shape{2, 4, 4, 16},
                               Shape{5, 1, 1, 10}, Shape{2, 7, 9, 65}})
      for (const Index margin : {0, 3})
        for (const bool add : {false, true}) {
          SCOPED_TRACE(fmt::format("{} margin {} add {}", to_string(shape), margin, add));
          compare([&](Workbench& bench) { work(bench, {shape, margin, add}); });
        }
  }
};
ROBMASK_ON_ALL_MAPS(Elementwise);

/// The bias of a classifier.
class Bias : public Elementwise {};
ROBMASK_ON_ALL_MACHINES(Bias);

TEST_P(Elementwise, ScaleMultipliesByAFactor) {
  sweep([](Workbench& bench, const Case& c) {
    bench.machine().scale(bench.sink(c.shape, c.add, c.margin), bench.input(c.shape, 1), -1.7);
  });
}

TEST_P(Elementwise, AddSumsTwoMaps) {
  sweep([](Workbench& bench, const Case& c) {
    const Tensor a = bench.input(c.shape, c.margin), b = bench.input(c.shape);
    bench.machine().add(bench.output(c.shape, 2), a, b);
  });
}

TEST_P(Elementwise, AddMayWriteOverEitherSummand) {
  sweep([](Workbench& bench, const Case& c) {
    const Tensor a = bench.input(c.shape, c.margin), b = bench.input(c.shape);
    bench.machine().add(a, a, b);
    bench.machine().add(b, a, b);
  });
}

TEST_P(Elementwise, MultiplyTakesProducts) {
  sweep([](Workbench& bench, const Case& c) {
    const Tensor a = bench.input(c.shape, c.margin), b = bench.input(c.shape);
    bench.machine().multiply(bench.sink(c.shape, c.add, 2), a, b);
  });
}

TEST_P(Elementwise, AffineScalesAndShiftsEachChannel) {
  sweep([](Workbench& bench, const Case& c) {
    const Shape row{1, 1, 1, c.shape.c};
    const Tensor x = bench.input(c.shape, c.margin);
    const Tensor scale = bench.real_input(row), shift = bench.real_input(row);
    bench.machine().affine(bench.sink(c.shape, c.add, c.margin), x, scale, shift);
    bench.machine().affine(bench.sink(c.shape, c.add), x, scale, {});
    bench.machine().affine(bench.sink(c.shape, c.add), x, {}, shift);
  });
}

TEST_P(Elementwise, AffineMayTurnPixelsIntoMapsAndBack) {
  sweep([](Workbench& bench, const Case& c) {
    const Tensor scale = bench.real_input({1, 1, 1, c.shape.c});
    const Tensor pixels = bench.real_input(c.shape, c.margin), maps = bench.output(c.shape);
    bench.machine().affine({maps}, pixels, scale, scale);
    bench.machine().affine(bench.real_sink(c.shape, c.add, c.margin), bench.input(c.shape), scale,
                           {});
  });
}

TEST_P(Bias, IsAddedToEachRow) {
  sweep([](Workbench& bench, const Case& c) {
    const Tensor y = bench.input(c.shape, c.margin);
    bench.machine().affine({y}, y, {}, bench.input({1, 1, 1, c.shape.c}));
  });
}

TEST_P(Bias, GradientSumsTheRows) {
  sweep([](Workbench& bench, const Case& c) {
    const Tensor dy = bench.input(c.shape, c.margin);
    bench.machine().bias_gradient(bench.sink({1, 1, 1, c.shape.c}, c.add), dy);
  });
}

TEST_P(Elementwise, ReluClampsAtZeroAndItsGradientIsGated) {
  sweep([](Workbench& bench, const Case& c) {
    const Tensor x = bench.input(c.shape, c.margin), y = bench.output(c.shape, c.margin);
    bench.machine().relu(y, x);
    const Tensor dy = bench.input(c.shape, 1);
    bench.machine().relu_gradient(bench.sink(c.shape, c.add, c.margin), dy, y);
  });
}

TEST_P(Elementwise, ReluLetsNanThrough) {
  Workbench bench(tested(), dtype());
  const Tensor x = bench.input({1, 1, 1, 37}), y = bench.output({1, 1, 1, 37});
  tested().fill(x.channels(20, 1), std::numeric_limits<double>::quiet_NaN());
  tested().relu(y, x);
  EXPECT_TRUE(std::isnan(values_of(y)[20]));
}

}  // namespace
}  // namespace robmask
