#include "tests/support/machines.h"

namespace robmask {
namespace {

class Losses : public OnMachine {
 protected:
  struct Case {
    Shape logits;
    Index margin;
    bool add;

    Shape loss() const { return logits.with_channels(1); }
  };
  void sweep(const std::function<void(Workbench&, const Case&)>& work) const {
    for (const Shape& logits : {Shape{1, 1, 1, 2}, Shape{25, 1, 1, 10}, Shape{7, 1, 1, 100}})
      for (const Index margin : {0, 3})
        for (const bool add : {false, true}) {
          SCOPED_TRACE(fmt::format("{} margin {} add {}", to_string(logits), margin, add));
          compare([&](Workbench& bench) { work(bench, {logits, margin, add}); });
        }
  }
};
ROBMASK_ON_ALL_MACHINES(Losses);

TEST_P(Losses, CrossEntropyAndItsGradientMatchTheirDefinition) {
  sweep([](Workbench& bench, const Case& c) {
    const Tensor logits = bench.input(c.logits, c.margin, -5, 5), dloss = bench.input(c.loss());
    const Tensor labels = bench.integers<std::int32_t>(c.loss(), c.logits.c);
    bench.machine().cross_entropy(bench.output(c.loss()), logits, labels);
    bench.machine().cross_entropy_gradient(bench.sink(c.logits, c.add, c.margin), dloss, logits,
                                           labels);
  });
}

TEST_P(Losses, CrossEntropyOfHugeLogitsStaysFinite) {
  compare([](Workbench& bench) {
    const Tensor logits = bench.input({9, 1, 1, 10}, 0, -3000, 3000);
    const Tensor labels = bench.integers<std::int32_t>({9, 1, 1, 1}, 10);
    bench.machine().cross_entropy(bench.output({9, 1, 1, 1}), logits, labels);
    bench.machine().cross_entropy_gradient(bench.sink({9, 1, 1, 10}, false),
                                           bench.input({9, 1, 1, 1}), logits, labels);
  });
}

TEST_P(Losses, KlAndItsGradientsMatchTheirDefinition) {
  sweep([](Workbench& bench, const Case& c) {
    const Tensor p = bench.input(c.logits, c.margin, -5, 5), q = bench.input(c.logits, 0, -5, 5);
    const Tensor dloss = bench.input(c.loss());
    bench.machine().kl(bench.output(c.loss()), p, q);
    bench.machine().kl_gradient(bench.sink(c.logits, c.add, c.margin), bench.sink(c.logits, !c.add),
                                dloss, p, q);
  });
}

TEST_P(Losses, KlGradientOfOneSideLeavesTheOtherAlone) {
  for (const bool of_p : {false, true})
    compare([=](Workbench& bench) {
      const Shape logits{4, 1, 1, 10};
      const Tensor p = bench.input(logits), q = bench.input(logits),
                   dloss = bench.input({4, 1, 1, 1});
      const Sink to = bench.sink(logits, false);
      bench.machine().kl_gradient(of_p ? to : Sink(), of_p ? Sink() : to, dloss, p, q);
    });
}

TEST_P(Losses, SumAndItsGradientTakeEveryElement) {
  for (const Shape& s : {Shape{1, 1, 1, 1}, Shape{128, 1, 1, 1}, Shape{3, 5, 7, 33}})
    for (const Index margin : {0, 2})
      for (const bool add : {false, true})
        compare([&](Workbench& bench) {
          bench.machine().sum(bench.sink({}, add), bench.input(s, margin, 0, 1), 0.3);
          bench.machine().sum_gradient(bench.sink(s, add, margin), bench.scalar(1.5), 0.3);
        });
}

TEST_P(Losses, CorrectComparesTheLargestLogitWithTheLabel) {
  sweep([](Workbench& bench, const Case& c) {
    const Tensor logits = bench.input(c.logits, c.margin);
    const Tensor labels = bench.integers<std::int32_t>(c.loss(), std::min<Index>(c.logits.c, 3));
    bench.machine().correct(bench.output(c.loss()), logits, labels);
  });
}

TEST_P(Losses, CorrectGivesATieToTheFirstClass) {
  // Every pair of classes ties once, so that the first comes early and late in any tree of
  // comparisons.
  constexpr int classes = 20;
  for (int first = 0; first < classes; ++first)
    for (int second = first + 1; second < classes; ++second) {
      std::vector<double> row(classes, -1);
      row[first] = row[second] = 0.5;
      const Tensor logits = make_tensor(tested(), {1, 1, 1, classes}, dtype(), row);
      const Tensor hits(tested(), {1, 1, 1, 1}, dtype());
      tested().correct(hits, logits,
                       make_tensor(tested(), {1, 1, 1, 1}, std::vector<std::int32_t>{first}));
      EXPECT_EQ(values_of(hits)[0], 1) << "classes " << first << " and " << second;
    }
}

TEST_P(Losses, SumAddsToADouble) {
  compare([](Workbench& bench) {
    const Tensor total = bench.watch(make_tensor(bench.machine(), {}, std::vector<double>{1000.5}));
    bench.machine().sum({total, true}, bench.input({25, 1, 1, 1}, 0, 0, 3), 1);
    bench.machine().sum({total, true}, bench.input({2, 3, 3, 5}, 2, 0, 3), 1);
  });
}

}  // namespace
}  // namespace robmask
