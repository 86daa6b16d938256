// Batch statistics from the moments that a convolution takes on its way, where its machine can:
// those of the map as it was stored, for each range of images.

#include "engine/ops.h"
#include "tests/support/machines.h"

namespace robmask {
namespace {

struct MaskedConv {
  Shape x;
  Index filters;
  Window window;
  Index clean;  // images in a segment of their own

  Shape w() const { return {window.kernel, window.kernel, x.c / window.groups, filters}; }
  Shape y() const { return {x.n, window.output(x.h), window.output(x.w), filters}; }
};

// Every tile of tensor cores: rows × columns of a piece behind it. Window is {kernel, stride, pad,
// groups}.
const MaskedConv masked_convs[] = {
    {{4, 16, 16, 8}, 64, {3, 1, 1, 1}, 2},   // 256×64, each segment two pieces
    {{3, 8, 16, 8}, 136, {1, 1, 0, 1}, 1},   // 128×128, and 8 columns of another
    {{2, 17, 16, 8}, 24, {3, 1, 1, 1}, 1},   // 256×32, segments meet inside a piece
    {{3, 9, 7, 8}, 32, {3, 1, 1, 1}, 2},     // 64×32, a piece with 61 rows is the last
    {{3, 9, 7, 16}, 40, {3, 1, 1, 1}, 2},    // 128×64
    {{2, 16, 16, 16}, 16, {3, 2, 1, 1}, 1},  // 128×16, a segment is half a piece
    {{2, 1, 1, 16}, 16, {1, 1, 0, 1}, 1},    // warps without a row, segments of one
    {{2, 16, 8, 3}, 64, {3, 1, 1, 1}, 1},    // the first layer of a network
    {{2, 8, 16, 16}, 144, {1, 1, 0, 2}, 1},  // groups
    {{2, 5, 5, 6}, 10, {3, 1, 1, 1}, 1},     // nothing comes in pairs or chunks
};

class TakenMoments : public OnMachine {
 protected:
  /// Compares with the definition, on the numbers that y holds.
  void check(const MaskedConv& c, Index margin, double low, double high) const {
    SCOPED_TRACE(fmt::format("x {} filters {} kernel {} groups {} margin {}", to_string(c.x),
                             c.filters, c.window.kernel, c.window.groups, margin));
    Workbench bench(tested(), dtype(), tested().products());
    const Tensor x = bench.input(c.x, margin, low, high), w = bench.input(c.w(), 0, 0.5, 1);
    const Tensor y = bench.output(c.y(), margin);
    Moments moments;
    tested().conv2d(y, x, w, c.window, &moments);
    check(y, moments);
    const Index pixels = y.shape().pixels(), rest = c.x.n - c.clean;
    check(y.images(0, c.clean), moments.part(0, c.clean * pixels));
    check(y.images(c.clean, rest), moments.part(c.clean * pixels, rest * pixels));
  }

 private:
  void check(const Tensor& y, const Moments& moments) const {
    const Shape row{1, 1, 1, y.shape().c};
    const auto results = [&](Backend& machine, const Tensor& map, const Moments& taken) {
      const DType type = real_of(map.dtype());
      const auto rows = [&] { return Tensor(machine, row, type); };
      const Lens lens{rows(), rows(), rows(), rows()};
      const Tensor one = make_tensor(machine, {}, type, {1.0}), ones = rows();
      machine.fill(ones, 1);
      machine.make_lens(
          lens, {.code = one, .weight = ones, .bias = ones, .x = map, .moments = taken, .eps = 0});
      std::vector<double> variance = values_of(lens.inverse);
      for (double& v : variance) v = 1 / (v * v);
      return std::pair(values_of(lens.mean), variance);
    };
    Backend& reference = machine("reference");
    const Tensor stored = make_tensor(reference, y.shape(), DType::f64, values_of(y));
    const auto [mean, variance] = results(y.machine(), y, moments);
    const auto [true_mean, true_variance] = results(reference, stored, {});
    EXPECT_LE(relative_error(mean, true_mean), 1e-6);
    EXPECT_LE(relative_error(variance, true_variance), 1e-5);
  }
};
ROBMASK_ON_ALL_PRODUCTS(TakenMoments);

TEST_P(TakenMoments, AreThoseOfTheStoredMap) {
  for (const MaskedConv& c : masked_convs)
    for (const Index margin : {0, 3}) check(c, margin, -1, 1);
}

TEST_P(TakenMoments, SurviveAMeanFarFromZero) {
  for (const MaskedConv& c : masked_convs)
    if (c.window.pad == 0 && c.y().rows() > 2) {
      check(c, 0, 60, 66);
      check(c, 0, 999, 1001);
    }
}

TEST_P(TakenMoments, MakeTheMaskOfEachSegment) {
  for (const MaskedConv& c : masked_convs) {
    if (c.y().pixels() == 1) continue;
    SCOPED_TRACE(fmt::format("x {} filters {}", to_string(c.x), c.filters));
    Workbench bench(tested(), dtype(), tested().products());
    const Shape row{1, 1, 1, c.filters};
    const Variable x(bench.input(c.x)), w(bench.input(c.w()));
    const MaskState state{.weight = Variable(bench.real_input(row)),
                          .bias = Variable(bench.real_input(row)),
                          .running_mean = {},
                          .running_variance = {},
                          .tracked = {}};
    const auto segment = [&](Index images) {
      return Segment{
          .images = images, .mode = Mode::frozen, .code = bench.scalar(1), .pair_code = {}};
    };
    const Context context{{segment(c.clean), segment(c.x.n - c.clean)}};
    const Variable taken = masked_conv2d(x, w, c.window, state, context, {});
    const Variable read = mask(conv2d(x, w, c.window), state, context);
    EXPECT_LE(relative_error(values_of(taken.value()), values_of(read.value())),
              tolerance_of(dtype()));
  }
}

}  // namespace
}  // namespace robmask
