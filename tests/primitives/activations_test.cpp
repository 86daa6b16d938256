#include <cmath>
#include <limits>

#include "tests/support/activations.h"
#include "tests/support/machines.h"

namespace robmask {
namespace {

class Activations : public OnMachine {
 protected:
  using Numbers = std::vector<double>;
  /// f of some numbers, or its slope there.
  Numbers values(const Activation& f, const Numbers& x) const {
    return values(tested(), dtype(), f, x);
  }
  Numbers slopes(const Activation& f, const Numbers& x) const {
    return slopes(tested(), dtype(), f, x);
  }
  static Numbers values(Backend& machine, DType type, const Activation& f, const Numbers& x) {
    const Tensor in = row(machine, type, x), y(machine, in.shape(), type);
    machine.activate(y, in, f);
    return values_of(y);
  }
  static Numbers slopes(Backend& machine, DType type, const Activation& f, const Numbers& x) {
    const Tensor in = row(machine, type, x), one(machine, in.shape(), type);
    const Tensor dx(machine, in.shape(), type);
    machine.fill(one, 1);
    machine.activate_gradient({dx}, one, in, f);
    return values_of(dx);
  }
  /// The numbers as maps hold them.
  Numbers stored(const Numbers& x) const { return values_of(row(tested(), dtype(), x)); }

 private:
  static Tensor row(Backend& machine, DType type, const Numbers& x) {
    return make_tensor(machine, {1, 1, 1, static_cast<Index>(x.size())}, type, x);
  }
};
ROBMASK_ON_ALL_MAPS(Activations);

TEST_P(Activations, MatchTheirDefinitionsAndSoDoTheirGradients) {
  for (const TriedActivation& a : all_activations())
    for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{3, 5, 3, 3}, Shape{2, 7, 9, 65}})
      for (const Index margin : {0, 3})
        for (const bool add : {false, true}) {
          SCOPED_TRACE(
              fmt::format("{} {} margin {} add {}", a.name, to_string(shape), margin, add));
          compare([&](Workbench& bench) {
            const Tensor x = bench.input(shape, margin, a.low, a.high);
            bench.machine().activate(bench.output(shape, margin), x, a.f);
            const Tensor dy = bench.input(shape, 1);
            bench.machine().activate_gradient(bench.sink(shape, add, margin), dy, x, a.f);
          });
        }
}

TEST_P(Activations, AreExactToAFewUnitsInTheLastPlace) {
  std::vector<double> x;
  for (int i = -4000; i <= 4000; ++i) x.push_back(i * 0.0078125);  // exact in f32
  Backend& reference = machine("reference");
  const double unit = dtype() == DType::f64 ? 0x1p-52 : dtype() == DType::f32 ? 0x1p-23 : 0x1p-7;
  for (const TriedActivation& a : all_activations()) {
    if (a.low > 0) continue;  // a call of the standard library, not defined for all these x
    SCOPED_TRACE(a.name);
    // The greatest error; of what is below 1, in units of the last place of 1.
    const auto error = [&](const std::vector<double>& tested, const std::vector<double>& exact) {
      double greatest = 0;
      for (std::size_t i = 0; i < x.size(); ++i)
        greatest = std::max(
            greatest, std::abs(tested[i] - exact[i]) / (unit * std::max(1.0, std::abs(exact[i]))));
      return greatest;
    };
    EXPECT_LE(error(values(a.f, x), values(reference, DType::f64, a.f, stored(x))), 2);
    EXPECT_LE(error(slopes(a.f, x), slopes(reference, DType::f64, a.f, stored(x))), 2);
  }
}

TEST_P(Activations, NeitherOverflowNorLoseNan) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const TriedActivation& a : all_activations()) {
    SCOPED_TRACE(a.name);
    EXPECT_TRUE(std::isnan(values(a.f, {nan, 1})[0]));
    if (a.low > 0 || a.name == "exp" || a.name == "square") continue;
    for (const double y : values(a.f, {-8192, 8192})) EXPECT_TRUE(std::isfinite(y));
    for (const double slope : slopes(a.f, {-8192, 8192})) EXPECT_TRUE(std::isfinite(slope));
  }
  EXPECT_EQ(values({Activation::Kind::softplus}, {-8192, 8192}), (std::vector{0.0, 8192.0}));
}

/// As `torch.autograd` has them in PyTorch 1.13.
TEST_P(Activations, HavePyTorchsSlopesAtTheKinks) {
  using Kind = Activation::Kind;
  using Slopes = std::vector<double>;
  EXPECT_EQ(slopes({Kind::leaky_relu, 0.25}, {0, -0.0}), (Slopes{0.25, 0.25}));
  EXPECT_EQ(slopes({Kind::hard_sigmoid, 0.25, 0.5}, {-2, 2}), (Slopes{0, 0}));
  EXPECT_EQ(slopes({Kind::hard_swish}, {-3, 3}), (Slopes{-0.5, 1.5}));
  EXPECT_EQ(slopes({Kind::elu, 0.75}, {0}), (Slopes{0.75}));
  EXPECT_EQ(slopes({Kind::clip, -1, 1}, {-1, 1, -1.5, 1.5}), (Slopes{1, 1, 0, 0}));
  EXPECT_EQ(slopes({Kind::abs}, {0, -0.0}), (Slopes{0, 0}));
  EXPECT_EQ(slopes({Kind::sqrt}, {0}), (Slopes{std::numeric_limits<double>::infinity()}));
  EXPECT_EQ(slopes({Kind::power, 2}, {0, 3}), (Slopes{0, 6}));
  EXPECT_EQ(slopes({Kind::power, 0}, {0, 3}), (Slopes{0, 0}));
}

TEST_P(Activations, GiveTheSameBitsWhereverAnElementStands) {
  for (const TriedActivation& a : all_activations()) {
    SCOPED_TRACE(a.name);
    std::vector<double> x;
    for (int i = 0; i < 37; ++i) x.push_back(a.low + (a.high - a.low) * i / 37);
    const std::vector<double> y = values(a.f, x), slope = slopes(a.f, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_EQ(values(a.f, {x[i]})[0], y[i]);
      EXPECT_EQ(slopes(a.f, {x[i]})[0], slope[i]);
    }
  }
}

}  // namespace
}  // namespace robmask
