#include "tests/support/machines.h"

namespace robmask {
namespace {

struct ConvCase {
  Shape x;
  Index filters;
  Window window;

  Shape w() const { return {window.kernel, window.kernel, x.c / window.groups, filters}; }
  Shape y() const { return {x.n, window.output(x.h), window.output(x.w), filters}; }
};

// Window is {kernel, stride, pad, groups}.
const ConvCase cases[] = {
    {{2, 8, 8, 3}, 16, {3, 1, 1, 1}},       // the first layer of a network
    {{2, 8, 8, 16}, 16, {3, 1, 1, 1}},      //
    {{3, 8, 8, 64}, 64, {3, 1, 1, 1}},      //
    {{6, 11, 7, 24}, 40, {3, 1, 1, 1}},     // squares of 4×4 outputs that leave the map
    {{8, 10, 6, 16}, 20, {3, 1, 0, 1}},     //
    {{8, 6, 10, 20}, 16, {3, 1, 2, 1}},     //
    {{3, 8, 8, 16}, 64, {3, 2, 1, 1}},      // halves the map
    {{2, 7, 5, 10}, 4, {3, 2, 1, 1}},       // odd sizes, odd channels
    {{1, 1, 1, 3}, 3, {3, 1, 1, 1}},        // only the middle tap meets the map
    {{2, 4, 4, 4}, 10, {3, 1, 0, 1}},       // no padding
    {{2, 2, 9, 4}, 16, {3, 1, 2, 1}},       // more padding than usual
    {{2, 4, 4, 64}, 128, {3, 1, 1, 1}},     //
    {{1, 16, 17, 64}, 64, {3, 1, 1, 1}},    // two of the largest tiles
    {{1, 32, 32, 3}, 64, {3, 1, 1, 1}},     // one CIFAR image
    {{3, 5, 7, 16}, 10, {1, 1, 0, 1}},      // a 1×1 convolution is a product
    {{3, 6, 6, 64}, 16, {1, 2, 0, 1}},      // a shortcut
    {{2, 5, 7, 4}, 3, {1, 2, 0, 1}},        //
    {{25, 1, 1, 64}, 10, {1, 1, 0, 1}},     // a linear layer
    {{5, 1, 1, 3}, 100, {1, 1, 0, 1}},      //
    {{2, 9, 8, 3}, 16, {7, 2, 3, 1}},       // the first layer for ImageNet
    {{1, 3, 3, 4}, 4, {7, 1, 3, 1}},        // the window is larger than the map
    {{2, 11, 6, 10}, 3, {5, 3, 2, 1}},      //
    {{3, 4, 4, 80}, 96, {3, 1, 1, 1}},      // more columns than squares
    {{2, 6, 6, 16}, 16, {3, 1, 1, 2}},      // groups
    {{2, 8, 8, 40}, 32, {3, 1, 1, 2}},      // groups, whose windows overlap
    {{2, 6, 6, 128}, 128, {3, 2, 1, 2}},    // ResNeXt
    {{2, 5, 4, 12}, 8, {3, 2, 1, 4}},       //
    {{2, 5, 5, 10}, 10, {3, 1, 1, 10}},     // depthwise
    {{3, 9, 7, 40}, 40, {3, 2, 1, 40}},     //
    {{2, 7, 6, 36}, 36, {5, 1, 2, 36}},     //
    {{2, 11, 8, 24}, 24, {5, 2, 2, 24}},    //
    {{1, 6, 5, 150}, 150, {3, 1, 0, 150}},  // all three vectors, one, and some channels
    {{2, 5, 4, 16}, 16, {1, 2, 0, 16}},     // windows between which pixels are left out
    {{2, 4, 4, 8}, 16, {1, 1, 0, 2}},       //
};

class Conv2d : public OnMachine {
 protected:
  struct Variant {
    Index margin;
    bool add;
  };
  void sweep(const std::function<void(Workbench&, const ConvCase&, const Variant&)>& work) const {
    for (const ConvCase& c : cases)
      for (const Variant& v :
           {Variant{0, false}, Variant{0, true}, Variant{3, false}, Variant{16, true}}) {
        SCOPED_TRACE(
            fmt::format("x {} filters {} kernel {} stride {} pad {} groups {} margin {} add {}",
                        to_string(c.x), c.filters, c.window.kernel, c.window.stride, c.window.pad,
                        c.window.groups, v.margin, v.add));
        compare([&](Workbench& bench) { work(bench, c, v); });
      }
  }
};
ROBMASK_ON_ALL_PRODUCTS(Conv2d);

TEST_P(Conv2d, MatchesTheSumOverItsWindow) {
  sweep([](Workbench& bench, const ConvCase& c, const Variant& v) {
    const Tensor x = bench.input(c.x, v.margin), w = bench.input(c.w());
    bench.machine().conv2d(bench.output(c.y(), v.margin), x, w, c.window);
  });
}

TEST_P(Conv2d, InputGradientMatchesItsDefinition) {
  sweep([](Workbench& bench, const ConvCase& c, const Variant& v) {
    const Tensor dy = bench.input(c.y(), v.margin), w = bench.input(c.w());
    bench.machine().conv2d_input_gradient(bench.sink(c.x, v.add, v.margin), dy, w, c.window);
  });
}

TEST_P(Conv2d, InputGradientIsZeroWhereItsGateIsNotPositive) {
  sweep([](Workbench& bench, const ConvCase& c, const Variant& v) {
    const Tensor dy = bench.input(c.y(), v.margin), w = bench.input(c.w()),
                 gate = bench.input(c.x, 8);
    bench.machine().conv2d_input_gradient(bench.sink(c.x, v.add, v.margin), dy, w, c.window, gate);
  });
}

TEST_P(Conv2d, WithAFoldedMaskIsShiftedAddedToAndClamped) {
  sweep([](Workbench& bench, const ConvCase& c, const Variant& v) {
    const Tensor x = bench.input(c.x, v.margin), w = bench.input(c.w()),
                 shift = bench.real_input({1, 1, 1, c.filters});
    const Tensor residual = v.add ? bench.input(c.y(), v.margin) : Tensor();
    bench.machine().conv2d_folded(bench.output(c.y(), v.margin), x, w, c.window,
                                  {shift, residual, v.margin != 3});
  });
}

TEST_P(Conv2d, WeightGradientMatchesItsDefinition) {
  sweep([](Workbench& bench, const ConvCase& c, const Variant& v) {
    const Tensor dy = bench.input(c.y(), v.margin), x = bench.input(c.x, v.margin);
    bench.machine().conv2d_weight_gradient(bench.real_sink(c.w(), v.add), dy, x, c.window);
  });
}

TEST_P(Conv2d, WeightGradientOfManyPixelsMatchesItsDefinition) {
  compare([](Workbench& bench) {
    const ConvCase c{{17, 16, 16, 16}, 16, {3, 1, 1, 1}};
    const Tensor dy = bench.input(c.y()), x = bench.input(c.x);
    bench.machine().conv2d_weight_gradient(bench.real_sink(c.w(), true), dy, x, c.window);
  });
}

TEST_P(Conv2d, InputAndOutputMayHaveDifferentPitches) {
  compare([](Workbench& bench) {
    const ConvCase c{{3, 6, 5, 12}, 20, {3, 1, 1, 1}};
    const Tensor x = bench.input(c.x, 5), w = bench.input(c.w()), dy = bench.input(c.y(), 2);
    bench.machine().conv2d(bench.output(c.y()), x, w, c.window);
    bench.machine().conv2d_input_gradient(bench.sink(c.x, false), dy, w, c.window);
    bench.machine().conv2d_weight_gradient(bench.real_sink(c.w(), false), dy, x, c.window);
  });
}

}  // namespace
}  // namespace robmask
