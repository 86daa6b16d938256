#include <cmath>
#include <limits>

#include "tests/support/machines.h"

namespace robmask {
namespace {

const Shape shapes[] = {{1, 1, 2, 3}, {3, 5, 3, 10}, {2, 4, 4, 64}, {25, 1, 1, 4}, {2, 9, 7, 17}};

class Mask : public OnMachine {
 protected:
  /// Which rows are one an image instead of shared, and what else a pass may have.
  struct Case {
    Shape shape;
    Index margin;
    bool statistics_per_image, scale_per_image, residual, relu;

    Shape row(bool per_image) const { return {per_image ? shape.n : 1, 1, 1, shape.c}; }
  };
  static MaskPass make_pass(Workbench& bench, const Case& c) {
    MaskPass pass;
    pass.x = bench.input(c.shape, c.margin);
    pass.lens.mean = bench.real_input(c.row(c.statistics_per_image));
    pass.lens.inverse = bench.real_input(c.row(c.statistics_per_image), 0, 0.5, 2);
    pass.lens.scale = bench.real_input(c.row(c.scale_per_image));
    pass.lens.shift = bench.real_input(c.row(c.scale_per_image));
    if (c.residual) pass.residual = bench.input(c.shape, c.margin);
    pass.relu = c.relu;
    return pass;
  }
  void sweep(const std::function<void(Workbench&, const Case&)>& work) const {
    for (const Shape& shape : shapes)
      for (const Index margin : {0, 3})
        for (int bits = 0; bits < 16; ++bits) {
          const Case c{shape,          margin,         bool(bits & 1),
                       bool(bits & 2), bool(bits & 4), bool(bits & 8)};
          SCOPED_TRACE(fmt::format(
              "{} margin {} statistics per image {} scale per image {} residual {} relu {}",
              to_string(shape), margin, c.statistics_per_image, c.scale_per_image, c.residual,
              c.relu));
          compare([&](Workbench& bench) { work(bench, c); });
        }
  }
};
ROBMASK_ON_ALL_MAPS(Mask);

TEST_P(Mask, RescalesAddsAndClamps) {
  sweep([](Workbench& bench, const Case& c) {
    const MaskPass pass = make_pass(bench, c);
    bench.machine().mask(bench.output(c.shape, c.margin), pass);
  });
}

TEST_P(Mask, EachOfItsRowsMayBeSharedOrPerImage) {
  for (int bits = 0; bits < 4; ++bits)
    compare([=](Workbench& bench) {
      const Case c{{3, 2, 2, 5}, 0, false, false, false, true};
      MaskPass pass = make_pass(bench, c);
      if (bits & 1) pass.lens.scale = bench.real_input(c.row(true));
      if (bits & 2) pass.lens.shift = bench.real_input(c.row(true));
      bench.machine().mask(bench.output(c.shape), pass);
    });
}

TEST_P(Mask, LetsNanThroughItsClamp) {
  Workbench bench(tested(), dtype());
  const Case c{{1, 1, 1, 37}, 0, false, false, false, true};
  const MaskPass pass = make_pass(bench, c);
  tested().fill(pass.x.channels(20, 1), std::numeric_limits<double>::quiet_NaN());
  const Tensor z = bench.output(c.shape);
  tested().mask(z, pass);
  EXPECT_TRUE(std::isnan(values_of(z)[20]));
}

TEST_P(Mask, GradientMatchesItsDefinition) {
  for (const bool batch_statistics : {false, true})
    sweep([=](Workbench& bench, Case c) {
      if (batch_statistics) c.statistics_per_image = false;  // a batch has one mean
      const MaskPass pass = make_pass(bench, c);
      const Tensor dz = bench.input(c.shape, c.margin), z = bench.input(c.shape, c.margin);
      const bool add = c.residual;
      const Index masks = c.relu ? 2 : 3;
      const Shape table{masks, 1, 1, c.shape.c};
      const MaskGradients wanted{
          .x = bench.sink(c.shape, add, c.margin),
          .residual = bench.sink(c.shape, !add, c.margin),
          .weight = bench.real_sink(table, add),
          .bias = bench.real_sink(table, !add),
          .code = bench.real_input({c.scale_per_image ? c.shape.n : 1, 1, 1, masks})};
      bench.machine().mask_gradient(wanted, dz, z, pass, batch_statistics);
    });
}

TEST_P(Mask, GradientSumsOverMoreImagesThanABlockHasRows) {
  compare([](Workbench& bench) {
    const Case c{{70, 1, 1, 4}, 0, false, true, false, true};
    const MaskPass pass = make_pass(bench, c);
    const Shape table{2, 1, 1, c.shape.c};
    const MaskGradients wanted{.x = bench.sink(c.shape, false),
                               .residual = {},
                               .weight = bench.real_sink(table, false),
                               .bias = bench.real_sink(table, false),
                               .code = bench.real_input({c.shape.n, 1, 1, 2})};
    bench.machine().mask_gradient(wanted, bench.input(c.shape), bench.input(c.shape), pass, true);
  });
}

TEST_P(Mask, GradientWritesWhatIsWantedOnly) {
  for (int wanted_bits = 0; wanted_bits < 16; ++wanted_bits)
    for (const bool batch_statistics : {false, true})
      for (const bool relu : {false, true}) {
        SCOPED_TRACE(
            fmt::format("wanted {:04b} batch {} relu {}", wanted_bits, batch_statistics, relu));
        compare([=](Workbench& bench) {
          const Case c{{3, 4, 3, 10}, 2, false, true, false, relu};
          const MaskPass pass = make_pass(bench, c);
          const Tensor dz = bench.input(c.shape, 1), z = bench.input(c.shape);
          MaskGradients wanted;
          if (wanted_bits & 1) wanted.x = bench.sink(c.shape, false, 3);
          if (wanted_bits & 2) wanted.residual = bench.sink(c.shape, false, 3);
          if (wanted_bits & 4) wanted.weight = bench.real_sink(c.row(false), false);
          if (wanted_bits & 8) wanted.bias = bench.real_sink(c.row(false), false);
          wanted.code = bench.real_input({1, 1, 1, 1});
          bench.machine().mask_gradient(wanted, dz, z, pass, batch_statistics);
        });
      }
}

TEST_P(Mask, GradientWithGivenStatisticsNeedsNeitherXNorWithoutReluZ) {
  for (const bool relu : {false, true})
    compare([=](Workbench& bench) {
      const Case c{{3, 4, 3, 10}, 0, false, false, false, relu};
      MaskPass pass = make_pass(bench, c);
      pass.x = {};
      const Tensor dz = bench.input(c.shape), z = bench.input(c.shape);
      const MaskGradients wanted{.x = bench.sink(c.shape, false),
                                 .residual = bench.sink(c.shape, false),
                                 .bias = bench.real_sink(c.row(false), false),
                                 .code = bench.real_input({1, 1, 1, 1})};
      bench.machine().mask_gradient(wanted, dz, relu ? z : Tensor(), pass, false);
    });
}

}  // namespace
}  // namespace robmask
