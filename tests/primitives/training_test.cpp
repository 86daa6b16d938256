#include <set>

#include "tests/support/machines.h"

namespace robmask {
namespace {

class SgdStep : public OnMachine {};
ROBMASK_ON_ALL_MAPS(SgdStep);

TEST_P(SgdStep, IsPyTorchsRuleAndKeepsCopiesUpToDate) {
  const bool copies = dtype() == DType::bf16;
  for (const double momentum : {0.0, 0.9})
    for (const double decay : {0.0, 5e-4})
      compare([=](Workbench& bench) {
        std::vector<SgdSlot> slots;
        for (const Shape& s : {Shape{3, 3, 16, 64}, Shape{1, 1, 1, 10}, Shape{1, 1, 200, 100}})
          slots.push_back({bench.real_input(s), bench.real_input(s), bench.real_input(s),
                           copies && s.c > 10 ? bench.output(s) : Tensor()});
        const Tensor rate = bench.scalar(0.1);
        for (int step = 0; step < 3; ++step) bench.machine().sgd_step(slots, rate, momentum, decay);
      });
}

class Training : public OnMachine {};
ROBMASK_ON_ALL_MACHINES(Training);

TEST_P(Training, GatherPicksImagesAndScalesThem) {
  compare([](Workbench& bench) {
    const Tensor pixels = bench.integers<std::uint8_t>({11, 5, 7, 3}, 256);
    const Tensor index = bench.integers<std::int32_t>({6, 1, 1, 1}, 11);
    bench.machine().gather(bench.output({6, 5, 7, 3}), pixels, index, false, {}, {});
  });
}

TEST_P(Training, GatherCropsAndFlips) {
  for (const Index margin : {0, 2})
    compare([=](Workbench& bench) {
      const Stream stream{.seed = 5, .purpose = Purpose::crop};
      const Tensor pixels = bench.integers<std::uint8_t>({30, 8, 6, 3}, 256);
      const Tensor index = bench.integers<std::int32_t>({20, 1, 1, 1}, 30);
      bench.machine().gather(bench.output({20, 8, 6, 3}, margin), pixels, index, true, stream, {});
      bench.machine().gather(bench.output({20, 8, 6, 3}), pixels, index, true, stream,
                             bench.counter(4));
    });
}

/// What an augmented copy of an image with distinct pixels shows: the place that its centre came
/// from, and the direction in which columns run.
struct Sighting {
  int row, column, direction;
  auto operator<=>(const Sighting&) const = default;
};

TEST_P(Training, GatherReachesEveryOffsetAndBothDirectionsAboutEquallyOften) {
  constexpr Index side = 12, draws = 4000, centre = (side / 2) * side + side / 2;
  std::vector<std::uint8_t> pixels(side * side);
  for (std::size_t p = 0; p < pixels.size(); ++p) pixels[p] = static_cast<std::uint8_t>(p + 1);
  const Tensor image = make_tensor(tested(), {1, side, side, 1}, pixels);
  const Tensor index = make_tensor(tested(), {1, 1, 1, 1}, std::vector<std::int32_t>{0});
  const Tensor batch(tested(), {1, side, side, 1}, dtype());
  std::map<Sighting, int> seen;
  for (Index step = 0; step < draws; ++step) {
    tested().gather(batch, image, index, true,
                    {.seed = 1, .purpose = Purpose::crop, .step = static_cast<std::uint64_t>(step)},
                    {});
    const auto values = values_of(batch);
    const int here = static_cast<int>(values[centre] * 255 + 0.5) - 1;
    const int right = static_cast<int>(values[centre + 1] * 255 + 0.5) - 1;
    ++seen[{here / int{side}, here % int{side}, right - here}];
  }
  EXPECT_EQ(seen.size(), 9u * 9u * 2u);
  for (const auto& [sighting, count] : seen) EXPECT_LT(count, 3 * draws / (9 * 9 * 2));
}

}  // namespace
}  // namespace robmask
