#include "tests/support/machines.h"

namespace robmask {
namespace {

class Broadcasts : public OnMachine {
 protected:
  struct Case {
    Shape small, large;
    Index margin;
    bool add;
  };
  void sweep(const std::function<void(Workbench&, const Case&)>& work) const {
    const Shape map{3, 5, 7, 16}, odd{2, 3, 5, 3}, wide{5, 17, 9, 40};
    const std::pair<Shape, Shape> cases[] = {{map, map},
                                             {{3, 1, 1, 16}, map},
                                             {{1, 1, 1, 16}, map},
                                             {{3, 5, 7, 1}, map},
                                             {{3, 1, 1, 1}, map},
                                             {{}, map},
                                             {{1, 5, 7, 16}, map},
                                             {{1, 5, 1, 16}, map},
                                             {{3, 1, 7, 1}, map},
                                             {{2, 1, 1, 3}, odd},
                                             {{1, 3, 1, 3}, odd},
                                             {{2, 3, 5, 1}, odd},
                                             {{1, 1, 5, 1}, odd},
                                             {{5, 1, 1, 40}, wide},
                                             {{1, 1, 1, 40}, wide},
                                             {{5, 17, 9, 1}, wide},
                                             {{1, 17, 9, 1}, wide},
                                             {{}, {}}};
    for (const auto& [small, large] : cases)
      for (const Index margin : {0, 3})
        for (const bool add : {false, true}) {
          SCOPED_TRACE(fmt::format("{} and {} margin {} add {}", to_string(small), to_string(large),
                                   margin, add));
          compare([&](Workbench& bench) { work(bench, {small, large, margin, add}); });
        }
  }
};
ROBMASK_ON_ALL_MAPS(Broadcasts);

TEST_P(Broadcasts, ExpandRepeats) {
  sweep([](Workbench& bench, const Case& c) {
    const Tensor x = bench.input(c.small, c.margin);
    bench.machine().expand(bench.sink(c.large, c.add, c.margin), x);
  });
}

TEST_P(Broadcasts, SumToAddsWhatExpandRepeats) {
  sweep([](Workbench& bench, const Case& c) {
    const Tensor x = bench.input(c.large, c.margin, 0, 1);
    bench.machine().sum_to(bench.sink(c.small, c.add, c.margin), x, -0.7);
  });
}

TEST_P(Broadcasts, SumToOfAnImageHasTheSameBitsInAnyBatch) {
  Workbench bench(tested(), dtype());
  const Tensor x = bench.input({7, 9, 11, 33});
  for (const Shape& small : {Shape{7, 1, 1, 33}, Shape{7, 9, 11, 1}, Shape{7, 1, 11, 33}}) {
    const Tensor all = bench.output(small), one = bench.output(small.with_images(1));
    tested().sum_to({all}, x, 0.1);
    tested().sum_to({one}, x.images(5, 1), 0.1);
    EXPECT_EQ(values_of(all.images(5, 1)), values_of(one));
  }
}

}  // namespace
}  // namespace robmask
