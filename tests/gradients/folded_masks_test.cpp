// Masks of an attack that are folded into the convolutions ahead of them, in double: the same
// numbers and gradients as one pass after the other, in fewer passes.

#include "engine/tape.h"
#include "tests/reference_backend.h"
#include "tests/support/gradient_check.h"

namespace robmask {
namespace {

/// The reference, which folds masks if it is told to, and counts.
class FoldingBackend : public ReferenceBackend {
 public:
  explicit FoldingBackend(bool folds) : folds_(folds) {}

  int lenses = 0, folded = 0, gated = 0;

  bool folds_masks(DType) const override { return folds_; }
  void make_lens(const Lens& lens, const MaskSource& from) override {
    ++lenses;
    ReferenceBackend::make_lens(lens, from);
  }
  void conv2d_folded(Tensor z, Tensor x, Tensor w, const Window& window,
                     const FoldedMask& mask) override {
    ++folded;
    ReferenceBackend::conv2d_folded(z, x, w, window, mask);
  }
  void conv2d_input_gradient(Sink dx, Tensor dy, Tensor w, const Window& window,
                             Tensor gate) override {
    gated += gate ? 1 : 0;
    ReferenceBackend::conv2d_input_gradient(dx, dy, w, window, gate);
  }

 private:
  bool folds_;
};

/// A stem, a block with a projection and one without: seven convolutions with masks.
class ResidualNetwork {
 public:
  explicit ResidualNetwork(Backend& machine) : machine_(machine) {}

  Variable operator()(const Variable& x, const Context& c) {
    salt_ = 0;
    const Variable a = layer(x, 3, 4, 1, c, {});
    const Variable b = layer(a, 3, 6, 2, c, {});
    const Variable shortcut = layer(a, 1, 6, 2, c, {.relu = false});
    const Variable d = layer(b, 3, 6, 1, c, {.relu = true, .residual = shortcut});
    const Variable e = layer(d, 3, 6, 1, c, {});
    const Variable f = layer(e, 3, 6, 1, c, {.relu = true, .residual = d});
    return weighted_sum(layer(f, 1, 2, 1, c, {}));
  }

 private:
  Variable numbers(const Shape& shape, double low, double high) {
    return random_variable(machine_, shape, ++salt_, low, high);
  }
  Variable layer(const Variable& x, Index kernel, Index filters, Index stride, const Context& c,
                 const MaskOptions& options) {
    MaskState& mask = states_[salt_];  // by where it stands: the same in each pass
    const Variable w = numbers({kernel, kernel, x.shape().c, filters}, -1, 1);
    const Shape row{1, 1, 1, filters};
    const MaskState drawn{.weight = numbers(row, 0.5, 1.5),
                          .bias = numbers(row, -1, 1),
                          .running_mean = numbers(row, -1, 1).value(),
                          .running_variance = numbers(row, 0.5, 2).value(),
                          .tracked = {}};
    if (!mask.weight) mask = drawn;
    return masked_conv2d(x, w, {kernel, stride, kernel / 2}, mask, c, options);
  }

  Backend& machine_;
  std::uint64_t salt_ = 0;
  std::map<std::uint64_t, MaskState> states_;
};

class FoldedMasks : public testing::Test {
 protected:
  /// An attack's passes: the gradients of the images in each.
  static std::vector<std::vector<double>> attack(FoldingBackend& machine, bool keeps, int steps) {
    ResidualNetwork network(machine);
    const Tensor one = make_tensor(machine, {}, std::vector<double>{1});
    Context context{{{.images = 2, .mode = Mode::eval, .code = one, .pair_code = one}}};
    if (keeps) context.segments[0].kept = std::make_shared<KeptMasks>();
    std::vector<std::vector<double>> gradients;
    for (int i = 0; i < steps; ++i) {
      const Variable x = random_variable(machine, {2, 6, 6, 3}, 100 + static_cast<unsigned>(i));
      Tape tape({x});
      tape.backward(network(x, context));
      gradients.push_back(values_of(x.gradient()));
    }
    return gradients;
  }
};

TEST_F(FoldedMasks, GiveTheGradientOfOnePassAfterTheOther) {
  FoldingBackend folding(true), plain(false);
  const auto ours = attack(folding, true, 2), theirs = attack(plain, false, 2);
  for (std::size_t i = 0; i < ours.size(); ++i)
    EXPECT_LT(relative_error(ours[i], theirs[i]), 1e-14);
  EXPECT_EQ(folding.folded, 2 * 7);
  EXPECT_EQ(plain.folded, 0);
}

TEST_F(FoldedMasks, AreMadeOnceAnAttack) {
  for (const bool folds : {true, false}) {
    FoldingBackend machine(folds);
    attack(machine, true, 3);
    EXPECT_EQ(machine.lenses, 7);
    attack(machine, true, 1);
    EXPECT_EQ(machine.lenses, 14);
  }
}

TEST_F(FoldedMasks, NeedNoPassOfTheirOwnBackWhereAConvolutionReadsThemLast) {
  FoldingBackend machine(true);
  attack(machine, true, 1);
  EXPECT_EQ(machine.gated, 5);  // of all with a ReLU but the last, which the loss reads
}

TEST_F(FoldedMasks, AreNotFoldedWhereNothingKeepsThem) {
  FoldingBackend machine(true);
  attack(machine, false, 1);
  EXPECT_EQ(machine.folded, 0);
}

TEST_F(FoldedMasks, AreNotFoldedWhereTheyAreLearned) {
  FoldingBackend machine(true);
  const Tensor one = make_tensor(machine, {}, std::vector<double>{1});
  const Segment segment{.images = 1,
                        .mode = Mode::eval,
                        .code = one,
                        .pair_code = one,
                        .kept = std::make_shared<KeptMasks>()};
  const Shape row{1, 1, 1, 2};
  const Variable x = random_variable(machine, {1, 3, 3, 2}, 1),
                 w = random_variable(machine, {3, 3, 2, 2}, 2);
  const MaskState state{.weight = random_variable(machine, row, 3),
                        .bias = random_variable(machine, row, 4),
                        .running_mean = random_variable(machine, row, 5).value(),
                        .running_variance = random_variable(machine, row, 6, 1, 2).value(),
                        .tracked = {}};
  for (const Variable& learned : {w, state.weight, state.bias}) {
    Tape tape({x, learned});
    masked_conv2d(x, w, {3, 1, 1}, state, {{segment}}, {});
  }
  EXPECT_EQ(machine.folded, 0);
}

}  // namespace
}  // namespace robmask
