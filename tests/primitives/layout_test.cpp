#include "tests/support/machines.h"

namespace robmask {
namespace {

class Layout : public OnMachine {
 protected:
  void sweep(const std::function<void(Workbench&, Index margin, bool add)>& work) const {
    for (const Index margin : {0, 3})
      for (const bool add : {false, true}) {
        SCOPED_TRACE(fmt::format("margin {} add {}", margin, add));
        compare([&](Workbench& bench) { work(bench, margin, add); });
      }
  }
};
ROBMASK_ON_ALL_MAPS(Layout);

TEST_P(Layout, PlacePadsAndCrops) {
  struct Frame {
    Index h, w, top, left;
  };
  for (const Frame& f : {Frame{5, 7, 0, 0}, Frame{8, 10, 1, 2}, Frame{3, 2, -1, -4},
                         Frame{4, 9, -2, 2}, Frame{2, 2, 9, 0}})
    for (const Index channels : {1, 3, 16}) {
      SCOPED_TRACE(fmt::format("{}x{} at {},{} of {} channels", f.h, f.w, f.top, f.left, channels));
      sweep([&](Workbench& bench, Index margin, bool add) {
        const Tensor x = bench.input({3, 5, 7, channels}, margin);
        const Sink y = bench.sink({3, f.h, f.w, channels}, add, margin);
        bench.machine().place(y, x, f.top, f.left, -0.75);
      });
    }
}

TEST_P(Layout, TransposeExchangesPixelsAndChannels) {
  const std::pair<Shape, Shape> cases[] = {{{1, 1, 1, 1}, {1, 1, 1, 1}},
                                           {{2, 5, 7, 6}, {2, 2, 3, 35}},
                                           {{3, 8, 8, 16}, {3, 4, 4, 64}},
                                           {{2, 1, 37, 70}, {2, 70, 1, 37}},
                                           {{4, 1, 1, 9}, {4, 3, 3, 1}}};
  for (const auto& [from, to] : cases) {
    SCOPED_TRACE(to_string(from));
    sweep([&](Workbench& bench, Index margin, bool add) {
      const Tensor x = bench.input(from, margin);
      bench.machine().transpose(bench.sink(to, add, margin), x);
    });
  }
}

}  // namespace
}  // namespace robmask
