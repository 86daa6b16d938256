#include "tests/support/machines.h"

namespace robmask {
namespace {

class Statistics : public OnMachine {};
ROBMASK_ON_ALL_MAPS(Statistics);

TEST_P(Statistics, AreMeanAndBiasedVarianceOfEachChannel) {
  for (const Shape& s :
       {Shape{1, 1, 2, 1}, Shape{3, 5, 3, 10}, Shape{2, 16, 16, 64}, Shape{40, 1, 1, 3}})
    for (const Index margin : {0, 3})
      compare([&](Workbench& bench) {
        const Shape row{1, 1, 1, s.c};
        const Tensor mean = bench.real_output(row, margin),
                     variance = bench.real_output(row, margin);
        bench.machine().statistics(mean, variance, bench.input(s, margin));
      });
}

TEST_P(Statistics, VarianceSurvivesAMeanFarFromZero) {
  compare([](Workbench& bench) {
    const Tensor mean = bench.real_output({1, 1, 1, 5}), variance = bench.real_output({1, 1, 1, 5});
    bench.machine().statistics(mean, variance, bench.input({4, 8, 8, 5}, 0, 999, 1001));
  });
}

TEST_P(Statistics, VarianceOfAConstantIsZero) {
  Workbench bench(tested(), dtype());
  const Tensor mean = bench.real_output({1, 1, 1, 3}), variance = bench.real_output({1, 1, 1, 3});
  tested().statistics(mean, variance, bench.input({7, 3, 3, 3}, 0, 0.1, 0.1));
  for (const double v : values_of(variance)) EXPECT_NEAR(v, 0, 1e-15);
}

/// What is computed of the rows that stand beside maps.
class Rows : public OnMachine {};
ROBMASK_ON_ALL_MACHINES(Rows);

TEST_P(Rows, RunningStatisticsMoveTowardsTheBatchWithTheUnbiasedVariance) {
  compare([](Workbench& bench) {
    const Shape row{1, 1, 1, 10};
    const Tensor running_mean = bench.input(row), running_variance = bench.input(row, 0, 0.5, 2);
    const Tensor tracked = bench.counter(41), mean = bench.input(row);
    const Tensor variance = bench.input(row, 0, 0.5, 2);
    bench.machine().update_running(running_mean, running_variance, tracked, mean, variance, 3, 0.1);
    bench.machine().update_running(running_mean, running_variance, tracked, mean, variance, 12,
                                   0.5);
  });
}

TEST_P(Rows, BlendMixesTheMasks) {
  for (const Index masks : {1, 2, 3})
    for (const Index rows : {1, 5})
      compare([=](Workbench& bench) {
        const Tensor code = bench.input({rows, 1, 1, masks}),
                     table = bench.input({masks, 1, 1, 17});
        bench.machine().blend(bench.output({rows, 1, 1, 17}), code, table);
      });
}

TEST_P(Rows, ALensIsMadeOfBlendedMasksAndBlendedOrTheBatchsStatistics) {
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
            const auto row = [&](Index n) { return bench.output({n, 1, 1, 150}); };
            const Index most = std::max(given, rows);
            bench.machine().make_lens({row(given), row(given), row(most), row(most)}, from);
          });
        }
}

TEST_P(Rows, BlendGradientSumsOverImages) {
  for (const Index masks : {1, 2, 3})
    for (const Index rows : {1, 5})
      for (const bool add : {false, true})
        compare([=](Workbench& bench) {
          const Tensor dout = bench.input({5, 1, 1, 17}), code = bench.input({rows, 1, 1, masks});
          bench.machine().blend_gradient(bench.sink({masks, 1, 1, 17}, add), dout, code);
        });
}

}  // namespace
}  // namespace robmask
