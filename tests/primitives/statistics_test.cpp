#include <cmath>

#include "tests/support/machines.h"

namespace robmask {
namespace {

/// The outputs of make_lens: `given` rows of mean and inverse, `rows` of scale and shift.
Lens lens_outputs(Workbench& bench, Index channels, Index given, Index rows) {
  const auto row = [&](Index n) { return bench.real_output({n, 1, 1, channels}); };
  return {row(given), row(given), row(rows), row(rows)};
}

class BatchLens : public OnMachine {
 protected:
  /// Of x, through masks that are blended by codes in so many rows.
  static MaskSource source(Workbench& bench, const Tensor& x, Index rows = 1) {
    const Shape table{2, 1, 1, x.shape().c};
    return {.code = bench.real_input({rows, 1, 1, 2}),
            .weight = bench.real_input(table),
            .bias = bench.real_input(table),
            .x = x};
  }
};
ROBMASK_ON_ALL_MAPS(BatchLens);

TEST_P(BatchLens, IsMadeOfMeanAndBiasedVarianceOfEachChannel) {
  for (const Shape& s : {Shape{1, 1, 2, 1}, Shape{3, 5, 3, 10}, Shape{2, 16, 16, 64},
                         Shape{40, 1, 1, 3}, Shape{17, 32, 32, 8}})
    for (const Index margin : {0, 3})
      for (const Index rows : {Index{1}, s.n})
        compare([&](Workbench& bench) {
          const MaskSource from = source(bench, bench.input(s, margin), rows);
          bench.machine().make_lens(lens_outputs(bench, s.c, 1, rows), from);
        });
}

TEST_P(BatchLens, SurvivesAMeanFarFromZero) {
  compare([](Workbench& bench) {
    MaskSource from = source(bench, bench.input({4, 8, 8, 5}, 0, 999, 1001));
    from.bias = bench.real_input({2, 1, 1, 5}, 0, 1000, 3000);  // else the shift cancels
    bench.machine().make_lens(lens_outputs(bench, 5, 1, 1), from);
  });
}

TEST_P(BatchLens, TakesTheVarianceOfAConstantForZero) {
  Workbench bench(tested(), dtype());
  const Lens lens = lens_outputs(bench, 3, 1, 1);
  tested().make_lens(lens, source(bench, bench.input({7, 3, 3, 3}, 0, 0.1, 0.1)));
  for (const double v : values_of(lens.inverse)) EXPECT_NEAR(v, 1 / std::sqrt(1e-5), 1e-4);
}

TEST_P(BatchLens, IsFollowedByRunningStatisticsWithTheUnbiasedVariance) {
  compare([](Workbench& bench) {
    const Shape row{1, 1, 1, 10};
    MaskSource from = source(bench, bench.input({1, 1, 3, 10}));
    from.running = {bench.real_input(row), bench.real_input(row, 0, 0.5, 2), bench.counter(41),
                    0.1};
    bench.machine().make_lens(lens_outputs(bench, 10, 1, 1), from);
    from.x = bench.input({3, 2, 2, 10});
    from.running.momentum = 0.5;
    bench.machine().make_lens(lens_outputs(bench, 10, 1, 1), from);
  });
}

/// What is computed of the rows that stand beside maps.
class Rows : public OnMachine {};
ROBMASK_ON_ALL_MACHINES(Rows);

TEST_P(Rows, BlendMixesTheMasks) {
  for (const Index masks : {1, 2, 3})
    for (const Index rows : {1, 5})
      compare([=](Workbench& bench) {
        const Tensor code = bench.input({rows, 1, 1, masks}),
                     table = bench.input({masks, 1, 1, 17});
        bench.machine().blend(bench.output({rows, 1, 1, 17}), code, table);
      });
}

TEST_P(Rows, ALensIsMadeOfBlendedMasksAndBlendedOrTheOnlyStatistics) {
  for (const Index pairs : {0, 1, 2})
    for (const Index masks : {1, 3})
      for (const Index given : {1, 5})
        for (const Index rows : {1, 5}) {
          if (pairs == 0 && given > 1) continue;
          SCOPED_TRACE(fmt::format("pairs {} masks {} rows {} {}", pairs, masks, given, rows));
          compare([=](Workbench& bench) {
            const Shape table{masks, 1, 1, 150}, statistics{std::max<Index>(pairs, 1), 1, 1, 150};
            const MaskSource from{
                .code = bench.input({rows, 1, 1, masks}),
                .weight = bench.input(table),
                .bias = bench.input(table),
                .pair_code = pairs > 0 ? bench.input({given, 1, 1, pairs}, 0, 0.1, 1) : Tensor(),
                .mean = bench.input(statistics),
                .variance = bench.input(statistics, 0, 0.1, 2),
                .eps = 1e-3};
            bench.machine().make_lens(lens_outputs(bench, 150, given, std::max(given, rows)), from);
          });
        }
}

}  // namespace
}  // namespace robmask
