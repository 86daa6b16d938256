// The same bits with any number of threads, and for an image in any batch.

#include "engine/threads.h"
#include "tests/support/machines.h"

namespace robmask {
namespace {

class Determinism : public OnMachine {
 protected:
  /// Runs `work` with 1, 2 and 3 threads.
  void expect_same_with_any_threads(const Work& work) const {
    const int threads = thread_count();
    std::vector<std::vector<std::vector<double>>> results;
    for (const int n : {1, 2, 3}) {
      set_thread_count(n);
      results.push_back(results_of(tested(), dtype(), work));
    }
    set_thread_count(threads);
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(results[0], results[2]);
  }
};
ROBMASK_ON_ALL_MAPS(Determinism);

constexpr Shape map{9, 16, 16, 48}, channels{1, 1, 1, 48};

/// Of a batch, watched.
void make_lens(Workbench& bench, const Tensor& x, const Moments& moments) {
  const Shape row{1, 1, 1, x.shape().c};
  const Lens lens{bench.real_output(row), bench.real_output(row), bench.real_output(row),
                  bench.real_output(row)};
  bench.machine().make_lens(lens, {.code = bench.real_input({1, 1, 1, 1}),
                                   .weight = bench.real_input(row),
                                   .bias = bench.real_input(row),
                                   .x = x,
                                   .moments = moments});
}

TEST_P(Determinism, OfSumsOverRows) {
  expect_same_with_any_threads([](Workbench& bench) {
    make_lens(bench, bench.input(map), {});
    const Tensor x = bench.real_input(map);
    bench.machine().bias_gradient(bench.real_sink(channels, false), x);
    bench.machine().sum({bench.real_output({})}, x, 1);
    const Tensor total = bench.watch(make_tensor(bench.machine(), {}, std::vector{0.0}));
    bench.machine().sum({total, true}, x, 1);
  });
}

TEST_P(Determinism, OfConvolutions) {
  const Window windows[] = {{3, 1, 1, 1}, {3, 2, 1, 1}, {1, 1, 0, 1},
                            {1, 2, 0, 1}, {3, 1, 1, 2}, {5, 2, 2, map.c}};
  for (const Window& window : windows)
    expect_same_with_any_threads([=](Workbench& bench) {
      const Index filters = window.groups == map.c ? map.c : 64;
      const Shape weights{window.kernel, window.kernel, map.c / window.groups, filters};
      const Shape out{map.n, window.output(map.h), window.output(map.w), filters};
      const Tensor x = bench.input(map), w = bench.input(weights), dy = bench.input(out);
      bench.machine().conv2d(bench.output(out), x, w, window);
      bench.machine().conv2d_input_gradient(bench.sink(map, false), dy, w, window);
      bench.machine().conv2d_weight_gradient(bench.real_sink(weights, false), dy, x, window);

      const Tensor y = bench.output(out);
      Moments moments;
      bench.machine().conv2d(y, x, w, window, &moments);
      make_lens(bench, y, moments);
    });
}

TEST_P(Determinism, OfALinearLayer) {
  expect_same_with_any_threads([](Workbench& bench) {
    const Shape in{128, 1, 1, 512}, weights{1, 1, 512, 10}, out{128, 1, 1, 10};
    const Tensor x = bench.input(in), w = bench.input(weights), dy = bench.input(out);
    bench.machine().conv2d(bench.output(out), x, w, {});
    bench.machine().conv2d_input_gradient(bench.sink(in, false), dy, w, {});
    bench.machine().conv2d_weight_gradient(bench.real_sink(weights, false), dy, x, {});
  });
}

TEST_P(Determinism, OfMasks) {
  for (const bool batch_statistics : {false, true})
    expect_same_with_any_threads([=](Workbench& bench) {
      const Shape per_image{map.n, 1, 1, map.c};
      const MaskPass pass{
          .x = bench.input(map),
          .lens = {bench.real_input(channels), bench.real_input(channels, 0, 0.5, 2),
                   bench.real_input(per_image), bench.real_input(per_image)},
          .residual = {},
          .relu = true};
      const Tensor z = bench.output(map), dz = bench.input(map);
      bench.machine().mask(z, pass);
      const MaskGradients wanted{.x = bench.sink(map, false),
                                 .residual = bench.sink(map, false),
                                 .weight = bench.real_sink({2, 1, 1, map.c}, false),
                                 .bias = bench.real_sink({2, 1, 1, map.c}, false),
                                 .code = bench.real_input({map.n, 1, 1, 2})};
      bench.machine().mask_gradient(wanted, dz, z, pass, batch_statistics);
    });
}

TEST_P(Determinism, OfPooling) {
  expect_same_with_any_threads([](Workbench& bench) {
    const Tensor x = bench.input(map);
    const Shape pooled{map.n, 4, 4, map.c};
    bench.machine().average_pool(bench.output(pooled), x, {4, 4, 0, 1});
    bench.machine().average_pool_gradient(bench.sink(map, false), bench.input(pooled),
                                          {4, 4, 0, 1});
    const Tensor argmax = bench.integer_output({map.n, 8, 8, map.c});
    const Tensor maximum = bench.output(argmax.shape());
    bench.machine().max_pool(maximum, argmax, x, {3, 2, 1, 1});
    bench.machine().max_pool_gradient(bench.sink(map, false), maximum, argmax, {3, 2, 1, 1});
  });
}

TEST_P(Determinism, OfActivationsAndBroadcasts) {
  expect_same_with_any_threads([](Workbench& bench) {
    Backend& machine = bench.machine();
    const Tensor x = bench.input(map);
    machine.activate(bench.output(map), x, {Activation::Kind::silu});
    machine.activate_gradient(bench.sink(map, false), bench.input(map), x,
                              {Activation::Kind::gelu});
    machine.expand(bench.sink(map, false), bench.input(channels));
    for (const Shape& small : {channels, map.with_images(1), map.with_channels(1), Shape{}})
      machine.sum_to(bench.sink(small, false), x, 0.3);
    machine.transpose(bench.sink({map.n, 6, 8, map.h * map.w}, false), x);
    const Tensor p = bench.real_output(map);
    machine.softmax(p, bench.real_input(map));
    machine.softmax_gradient(bench.real_sink(map, false), bench.real_input(map), p);
  });
}

TEST_P(Determinism, OfLossesAndAttacks) {
  expect_same_with_any_threads([](Workbench& bench) {
    const Shape logits{256, 1, 1, 100}, row{map.n, 1, 1, 1};
    bench.machine().kl(bench.real_output(logits.with_channels(1)), bench.real_input(logits),
                       bench.real_input(logits));
    const Tensor x = bench.real_input(map, 0, 0, 1), g = bench.real_input(map);
    const Tensor x_adv = bench.real_output(map), ids = bench.integers<std::int32_t>(row, 1000);
    for (const Norm norm : {Norm::linf, Norm::l2}) {
      bench.machine().start_uniform(x_adv, x, bench.scalar(0.5), norm, {}, {}, ids);
      bench.machine().pgd_step(x_adv, x, g, bench.scalar(0.1), bench.scalar(0.5), norm);
      bench.machine().distance(bench.real_output(row), x_adv, x, norm);
    }
  });
}

/// What a network does to a batch in evaluation: a map in, and all that is computed from it.
using Network = std::function<std::vector<Tensor>(Backend&, const Tensor& batch)>;

class BatchInvariance : public OnMachine {
 protected:
  /// Images of a batch of 25, alone, in a batch of 7 and in the whole, have the same bits.
  void expect_same_in_any_batch(const Shape& image, const Network& network) const {
    Workbench bench(tested(), dtype());
    const Tensor batch = bench.input(image.with_images(25));
    const std::vector<Tensor> whole = network(tested(), batch);
    for (const auto& [first, count] :
         {std::pair{0, 1}, {13, 1}, {24, 1}, {0, 7}, {11, 7}, {18, 7}}) {
      const std::vector<Tensor> part = network(tested(), batch.images(first, count));
      for (std::size_t i = 0; i < whole.size(); ++i)
        EXPECT_EQ(values_of(part[i]), values_of(whole[i].images(first, count)))
            << "result " << i << " of images " << first << " … " << first + count - 1;
    }
  }
  Tensor constant(const Shape& shape) const { return Workbench(tested(), dtype()).input(shape); }
  Tensor real_constant(const Shape& shape, double low = -1) const {
    return Workbench(tested(), dtype()).real_input(shape, 0, low, 1);
  }
};
ROBMASK_ON_ALL_MAPS(BatchInvariance);

/// Of what has no bf16.
class RealBatchInvariance : public BatchInvariance {};
ROBMASK_ON_ALL_MACHINES(RealBatchInvariance);

TEST_P(BatchInvariance, OfConvolutionsAndTheirInputGradients) {
  struct Case {
    Shape x;
    Index filters;
    Window window;
  };
  const Case cases[] = {
      {{1, 8, 8, 3}, 16, {3, 1, 1, 1}},    {{1, 8, 8, 16}, 16, {3, 1, 1, 1}},
      {{1, 4, 4, 64}, 64, {3, 1, 1, 1}},   {{1, 8, 8, 16}, 32, {3, 2, 1, 1}},
      {{1, 2, 2, 64}, 128, {3, 1, 1, 1}},  {{1, 5, 5, 10}, 4, {3, 1, 1, 1}},
      {{1, 1, 1, 64}, 10, {1, 1, 0, 1}},   {{1, 1, 1, 512}, 10, {1, 1, 0, 1}},
      {{1, 1, 1, 512}, 100, {1, 1, 0, 1}}, {{1, 4, 4, 16}, 64, {1, 1, 0, 1}},
      {{1, 8, 8, 64}, 128, {1, 2, 0, 1}},  {{1, 9, 9, 3}, 16, {7, 2, 3, 1}},
      {{1, 6, 6, 32}, 32, {3, 1, 1, 2}},   {{1, 7, 5, 20}, 20, {3, 1, 1, 20}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(fmt::format("x {} filters {} kernel {} stride {}", to_string(c.x), c.filters,
                             c.window.kernel, c.window.stride));
    const Tensor w =
        constant({c.window.kernel, c.window.kernel, c.x.c / c.window.groups, c.filters});
    expect_same_in_any_batch(c.x, [&](Backend& machine, const Tensor& x) {
      const Shape out{x.shape().n, c.window.output(c.x.h), c.window.output(c.x.w), c.filters};
      const Tensor y(machine, out, dtype()), dx(machine, x.shape(), dtype());
      machine.conv2d(y, x, w, c.window);
      machine.conv2d_input_gradient({dx}, y, w, c.window);
      return std::vector{y, dx};
    });
  }
}

TEST_P(BatchInvariance, OfMasksInEvaluationAndTheirGradients) {
  for (const Index c : {3, 16, 65}) {
    const Shape row{1, 1, 1, c};
    const Tensor mean = real_constant(row), slope = real_constant(row);
    const Tensor inverse = real_constant(row, 0.5);
    expect_same_in_any_batch({1, 5, 5, c}, [&](Backend& machine, const Tensor& x) {
      const MaskPass pass{x, {mean, inverse, slope, slope}, x, true};
      const Tensor z(machine, x.shape(), dtype()), dx(machine, x.shape(), dtype());
      machine.mask(z, pass);
      machine.mask_gradient({{dx}, {}}, x, z, pass, false);
      return std::vector{z, dx};
    });
  }
}

TEST_P(BatchInvariance, OfPooling) {
  expect_same_in_any_batch({1, 8, 8, 17}, [&](Backend& machine, const Tensor& x) {
    const Shape half{x.shape().n, 4, 4, 17};
    const Tensor y(machine, half, dtype()), z(machine, half, dtype());
    const Tensor argmax(machine, half, DType::i32), dx(machine, x.shape(), dtype());
    machine.average_pool(y, x, {2, 2, 0, 1});
    machine.max_pool(z, argmax, x, {3, 2, 1, 1});
    machine.max_pool_gradient({dx}, y, argmax, {3, 2, 1, 1});
    return std::vector{y, z, dx};
  });
}

TEST_P(BatchInvariance, OfActivationsAndBroadcasts) {
  for (const auto kind : {Activation::Kind::silu, Activation::Kind::gelu, Activation::Kind::erf})
    expect_same_in_any_batch({1, 5, 5, 17}, [&](Backend& machine, const Tensor& x) {
      const Tensor y(machine, x.shape(), dtype()), dx(machine, x.shape(), dtype());
      const Tensor mean(machine, {x.shape().n, 1, 1, 17}, dtype());
      const Tensor turned(machine, {x.shape().n, 17, 1, 25}, dtype());
      machine.activate(y, x, {kind});
      machine.activate_gradient({dx}, y, x, {kind});
      machine.sum_to({mean}, x, 0.04);
      machine.expand({dx, true}, mean);
      machine.transpose({turned}, dx);
      return std::vector{y, dx, mean, turned};
    });
}

TEST_P(RealBatchInvariance, OfSoftmax) {
  expect_same_in_any_batch({1, 3, 3, 17}, [&](Backend& machine, const Tensor& x) {
    const Tensor y(machine, x.shape(), dtype()), dx(machine, x.shape(), dtype());
    machine.softmax(y, x);
    machine.softmax_gradient({dx}, x, y);
    return std::vector{y, dx};
  });
}

TEST_P(RealBatchInvariance, OfLossesAndAttackSteps) {
  const Tensor eps = real_constant({}, 0.5);
  expect_same_in_any_batch({1, 1, 1, 10}, [&](Backend& machine, const Tensor& x) {
    const Shape row = x.shape().with_channels(1);
    const Tensor labels(machine, row, DType::i32), loss(machine, row, dtype());
    const Tensor g(machine, x.shape(), dtype()), moved(machine, x.shape(), dtype());
    machine.fill(labels, 4);
    machine.cross_entropy(loss, x, labels);
    machine.cross_entropy_gradient({g}, loss, x, labels);
    machine.copy(moved, x);
    machine.pgd_step(moved, x, g, eps, eps, Norm::l2);
    return std::vector{loss, g, moved};
  });
}

}  // namespace
}  // namespace robmask
