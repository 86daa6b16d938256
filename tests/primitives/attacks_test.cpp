#include <algorithm>
#include <set>

#include "tests/support/machines.h"

namespace robmask {
namespace {

constexpr Shape shape{5, 6, 5, 3}, row{5, 1, 1, 1};
constexpr Stream stream{.seed = 11, .purpose = Purpose::start, .branch = 2, .step = 3};

class Attacks : public OnMachine {
 protected:
  /// ε or α: one for all, or one for each image, on either side of the distances that occur.
  static Tensor radius(Workbench& bench, Norm norm, bool per_image) {
    const double low = norm == Norm::linf ? 0.02 : 0.3;
    return bench.input(per_image ? row : Shape{}, 0, low, 4 * low);
  }
  void sweep(
      const std::function<void(Workbench&, Norm, bool per_image, Index margin)>& work) const {
    for (const Norm norm : {Norm::linf, Norm::l2})
      for (const bool per_image : {false, true})
        for (const Index margin : {0, 2}) {
          SCOPED_TRACE(fmt::format("{} per image {} margin {}", norm == Norm::linf ? "linf" : "l2",
                                   per_image, margin));
          compare([&](Workbench& bench) { work(bench, norm, per_image, margin); });
        }
  }
};
ROBMASK_ON_ALL_MACHINES(Attacks);

TEST_P(Attacks, UniformStartMatchesItsDefinition) {
  sweep([](Workbench& bench, Norm norm, bool per_image, Index margin) {
    const Tensor x = bench.input(shape, margin, 0, 1), eps = radius(bench, norm, per_image);
    const Tensor ids = bench.integers<std::int32_t>(row, 50000);
    bench.machine().start_uniform(bench.output(shape, margin), x, eps, norm, stream, {}, ids);
    bench.machine().start_uniform(bench.output(shape), x, eps, norm, stream, bench.counter(9), ids);
  });
}

TEST_P(Attacks, NormalStartMatchesItsDefinition) {
  sweep([](Workbench& bench, Norm, bool, Index margin) {
    const Tensor x = bench.input(shape, margin, 0, 1);
    const Tensor ids = bench.integers<std::int32_t>(row, 50000);
    bench.machine().start_normal(bench.output(shape, margin), x, 0.2, stream, {}, ids);
    bench.machine().start_normal(bench.output(shape), x, 0.001, stream, bench.counter(9), ids);
  });
}

TEST_P(Attacks, StartsDependOnIdAndStepAndNothingElse) {
  Workbench bench(tested(), dtype());
  const Tensor x = bench.input({4, 6, 5, 3}, 0, 0.5, 0.5), eps = bench.scalar(0.3);
  const auto ids = make_tensor(tested(), {4, 1, 1, 1}, std::vector<std::int32_t>{8, 3, 8, 4});
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    std::set<std::vector<double>> distinct;
    for (const std::int64_t step : {3, 4}) {
      const Tensor y = bench.output(x.shape());
      tested().start_uniform(y, x, eps, norm, stream, bench.counter(step), ids);
      EXPECT_EQ(values_of(y.images(0, 1)), values_of(y.images(2, 1)));
      for (const Index image : {0, 1, 3}) distinct.insert(values_of(y.images(image, 1)));
      if (step == static_cast<std::int64_t>(stream.step)) {
        const Tensor z = bench.output(x.shape());
        tested().start_uniform(z, x, eps, norm, stream, {}, ids);
        EXPECT_EQ(values_of(y), values_of(z));
      }
    }
    EXPECT_EQ(distinct.size(), 6u);
  }
}

TEST_P(Attacks, PgdStepMatchesItsDefinition) {
  sweep([](Workbench& bench, Norm norm, bool per_image, Index margin) {
    const Tensor x = bench.input(shape, margin, 0, 1), g = bench.input(shape, margin);
    const Tensor alpha = radius(bench, norm, per_image), eps = radius(bench, norm, per_image);
    const Tensor x_adv = bench.output(shape, margin);
    bench.machine().copy(x_adv, x);
    for (int step = 0; step < 4; ++step) bench.machine().pgd_step(x_adv, x, g, alpha, eps, norm);
  });
}

TEST_P(Attacks, PgdStepOfAZeroGradientMovesNothing) {
  Workbench bench(tested(), dtype());
  const Tensor x = bench.input(shape, 0, 0.2, 0.8), g = bench.input(shape, 0, 0, 0);
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    const Tensor x_adv = bench.output(shape);
    tested().copy(x_adv, x);
    tested().pgd_step(x_adv, x, g, bench.scalar(0.1), bench.scalar(0.3), norm);
    EXPECT_EQ(values_of(x_adv), values_of(x));
  }
}

TEST_P(Attacks, PgdNeverLeavesTheBallOrTheImageCube) {
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    Workbench bench(tested(), dtype());
    const Tensor x = bench.input(shape, 0, 0, 1), x_adv = bench.output(shape),
                 d = bench.output(row);
    const Tensor ids = bench.integers<std::int32_t>(row, 100);
    const double eps = norm == Norm::linf ? 0.1 : 0.7;
    tested().start_uniform(x_adv, x, bench.scalar(eps), norm, stream, {}, ids);
    for (int step = 0; step < 5; ++step) {
      tested().pgd_step(x_adv, x, bench.input(shape), bench.scalar(eps / 3), bench.scalar(eps),
                        norm);
      tested().distance(d, x_adv, x, norm);
      for (const double length : values_of(d)) EXPECT_LE(length, eps * (1 + 1e-6));
      for (const double pixel : values_of(x_adv)) EXPECT_TRUE(0 <= pixel && pixel <= 1);
    }
  }
}

TEST_P(Attacks, L2StartsHaveUniformRadii) {
  constexpr Index images = 2000;
  Workbench bench(tested(), dtype());
  const Tensor x = bench.input({images, 2, 2, 3}, 0, 0.5, 0.5), y = bench.output(x.shape());
  const Tensor d = bench.output({images, 1, 1, 1});
  std::vector<std::int32_t> ids(images);
  for (Index n = 0; n < images; ++n) ids[n] = static_cast<std::int32_t>(n);
  tested().start_uniform(y, x, bench.scalar(0.4), Norm::l2, stream, {},
                         make_tensor(tested(), d.shape(), ids));
  tested().distance(d, y, x, Norm::l2);
  std::vector<double> radii = values_of(d);
  std::sort(radii.begin(), radii.end());
  for (const double quantile : {0.1, 0.5, 0.9})
    EXPECT_NEAR(radii[static_cast<std::size_t>(quantile * images)], 0.4 * quantile, 0.4 * 0.05);
}

TEST_P(Attacks, DistanceIsTheNormOfTheDifference) {
  sweep([](Workbench& bench, Norm norm, bool, Index margin) {
    const Tensor a = bench.input(shape, margin), b = bench.input(shape);
    bench.machine().distance(bench.output(row), a, b, norm);
  });
}

TEST_P(Attacks, ApproachGoesAShareOfTheWayAndKeepsBitsAtItsEnds) {
  for (const Index margin : {0, 2})
    compare([&](Workbench& bench) {
      const Tensor y = bench.input(shape, margin), x = bench.input(shape, margin);
      const Tensor weight = make_tensor(bench.machine(), row, bench.dtype(), {0, 1, 0.1, 0.5, 0});
      const std::vector<double> before = values_of(y);
      bench.machine().approach(y, x, weight);
      for (const Index kept : {0, 4})
        EXPECT_EQ(values_of(y.images(kept, 1)),
                  std::vector<double>(before.begin() + kept * 90, before.begin() + kept * 90 + 90));
      EXPECT_EQ(values_of(y.images(1, 1)), values_of(x.images(1, 1)));
    });
}

TEST_P(Attacks, ApgdStepMatchesItsDefinition) {
  sweep([](Workbench& bench, Norm norm, bool per_image, Index margin) {
    const Tensor x = bench.input(shape, margin, 0, 1);
    const Tensor alpha = radius(bench, norm, per_image), eps = radius(bench, norm, per_image);
    const Tensor x_adv = bench.output(shape, margin), previous = bench.output(shape, margin);
    bench.machine().copy(x_adv, x);
    bench.machine().copy(previous, x);
    for (const double a : {1.0, 0.75, 0.75, 0.75})
      bench.machine().apgd_step(x_adv, previous, x, bench.input(shape, margin), alpha,
                                bench.scalar(a), eps, norm);
  });
}

TEST_P(Attacks, FabStepMatchesItsDefinition) {
  sweep([](Workbench& bench, Norm norm, bool, Index margin) {
    const Tensor x = bench.input(shape, margin, 0, 1), x_adv = bench.output(shape, margin);
    bench.machine().copy(x_adv, x);
    for (const double size : {0.3, 3.0, 30.0}) {  // planes nearby, far away, and beyond the cube
      bench.machine().fab_step(x_adv, x, bench.input(shape, margin),
                               bench.input(row, 0, -size, size), 1.05, 0.1, norm);
    }
  });
}

TEST_P(Attacks, FabStepEndsOnThePlaneOrAtTheSidesOfTheCube) {
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    Workbench bench(tested(), dtype());
    const Tensor x = bench.input(shape, 0, 0, 1), w = bench.input(shape), y = bench.output(shape);
    const std::vector<double> heights{0, 2, -2, 1000, -1000};
    tested().copy(y, x);
    tested().fab_step(y, x, w, make_tensor(tested(), row, dtype(), heights), 1, 0, norm);
    const std::vector<double> from = values_of(x), to = values_of(y), normal = values_of(w);
    for (std::size_t n = 0; n < heights.size(); ++n) {
      double reached = heights[n];
      for (std::size_t i = 90 * n; i < 90 * (n + 1); ++i) {
        reached += normal[i] * (to[i] - from[i]);
        if (std::abs(heights[n]) == 1000) {
          EXPECT_NEAR(to[i], heights[n] * normal[i] < 0 ? 1 : 0, 1e-6);
        }
      }
      if (std::abs(heights[n]) < 1000) {
        EXPECT_NEAR(reached, 0, dtype() == DType::f32 ? 1e-5 : 1e-13);
      }
    }
  }
}

TEST_P(Attacks, FabStepOfAZeroGradientStaysInPlace) {
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    Workbench bench(tested(), dtype());
    const Tensor x = bench.input(shape, 0, 0, 1), y = bench.output(shape);
    tested().copy(y, x);
    tested().fab_step(y, x, bench.input(shape, 0, 0, 0), bench.input(row), 1.05, 0.1, norm);
    EXPECT_LT(relative_error(values_of(y), values_of(x)), tolerance_of(dtype()));
  }
}

TEST_P(Attacks, CwStepMatchesItsDefinition) {
  sweep([](Workbench& bench, Norm, bool per_image, Index margin) {
    const Tensor x = bench.input(shape, margin, 0, 1), x_adv = bench.input(shape, margin, 0, 1);
    const Tensor w = bench.input(shape, margin), mean = bench.input(shape, margin);
    const Tensor square = bench.input(shape, margin, 0, 1);
    for (int step = 0; step < 3; ++step)
      bench.machine().cw_step(x_adv, w, mean, square, x, bench.input(shape, margin),
                              radius(bench, Norm::l2, per_image));
  });
}

TEST_P(Attacks, SquareStepMatchesItsDefinition) {
  sweep([](Workbench& bench, Norm norm, bool per_image, Index margin) {
    const Tensor x = bench.input(shape, margin, 0, 1), best = bench.output(shape, margin);
    const Tensor eps = radius(bench, norm, per_image);
    const auto ids = make_tensor(bench.machine(), row, std::vector<std::int32_t>{5, 6, 7, 8, 9});
    bench.machine().start_uniform(best, x, eps, norm, stream, {}, ids);
    const Tensor place =
        make_tensor(bench.machine(), {5, 1, 1, 5},
                    std::vector<std::int32_t>{3, 1, 2, 2, 0, 1, 5, 4, 0, 0, 5, 0, 0,
                                              1, 0, 2, 0, 3, 4, 0, 3, 3, 1, 3, 1});
    std::vector<double> signs;
    for (int i = 0; i < 15; ++i) signs.push_back(i % 4 < 2 ? 1 : -1);
    const Tensor sign = make_tensor(bench.machine(), {5, 1, 1, 3}, bench.dtype(), signs);
    bench.machine().square_step(bench.output(shape, margin), best, x,
                                {place, sign, bench.input({5, 5, 5, 1})}, eps, norm);
  });
}

}  // namespace
}  // namespace robmask
