#include "tests/support/machines.h"

namespace robmask {
namespace {

class Memory : public OnMachine {};
ROBMASK_ON_ALL_MAPS(Memory);

constexpr Shape odd{3, 5, 2, 7};

TEST_P(Memory, CopyKeepsEveryElementWhateverThePitches) {
  for (const Index margin : {0, 3})
    compare([=](Workbench& bench) {
      const Tensor from = bench.input(odd, margin), to = bench.output(odd, 4 - margin);
      bench.machine().copy(to, from);
    });
}

TEST_P(Memory, CopyWritesTheViewAndNothingElse) {
  compare([](Workbench& bench) {
    const Tensor longer = bench.input(odd.with_images(odd.n + 1));  // numbers behind what is copied
    bench.machine().copy(bench.output(odd, 1), longer.images(0, odd.n));
  });
}

TEST_P(Memory, CopyConvertsToFloatAndDouble) {
  for (const DType other : {DType::f32, DType::f64})
    compare([=](Workbench& bench) {
      const Tensor to(bench.machine(), odd, other);
      bench.machine().copy(bench.watch(to, true), bench.input(odd, 2));
    });
}

TEST_P(Memory, CopyConvertsFromWhatIsReal) {
  compare([=](Workbench& bench) {
    bench.machine().copy(bench.output(odd, 2), bench.real_input(odd, 1));
  });
}

TEST_P(Memory, CopyKeepsIntegers) {
  compare([](Workbench& bench) {
    bench.machine().copy(bench.integer_output(odd), bench.integers<std::int32_t>(odd, 1000));
  });
}

TEST_P(Memory, FillWritesTheViewAndNothingElse) {
  for (const Index margin : {0, 1, 8})
    compare([=](Workbench& bench) { bench.machine().fill(bench.output(odd, margin), 0.375); });
}

TEST_P(Memory, FillSetsCounters) {
  compare([](Workbench& bench) { bench.machine().fill(bench.counter(5), 77); });
}

TEST_P(Memory, WhatIsUploadedComesBack) {
  Workbench bench(tested(), dtype());
  for (const Index margin : {0, 3}) {
    const Tensor a = bench.input(odd, margin), b = bench.output(odd, margin);
    dispatch_map(dtype(), [&]<class T>() { b.from_host(a.to_host<T>()); });
    EXPECT_EQ(values_of(a), values_of(b));
  }
}

}  // namespace
}  // namespace robmask
