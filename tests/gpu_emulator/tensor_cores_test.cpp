// Convolutions on tensor cores against their definitions.

#include <gtest/gtest.h>

#include <array>

#include "tests/gpu_emulator/on_tensor_cores.h"
#include "tests/gpu_emulator/placed.h"

namespace robmask {
namespace {

using cuda::CudaBackend;

struct Layer {
  Shape x;
  Index filters;
  Window window;

  Shape w() const { return {window.kernel, window.kernel, x.c / window.groups, filters}; }
  Shape y() const { return {x.n, window.output(x.h), window.output(x.w), filters}; }
};

/// A view with `margin` more channels on either side; and whether a gradient is added to what is
/// there.
struct Variant {
  Index margin;
  bool add;
};

// With chunks of 16 bytes and without, and every tile: by columns up to 16, 32, 64 and more, for
// small maps and large ones.
// Window is {kernel, stride, pad, groups}.
const Layer layers[] = {
    {{1, 8, 8, 72}, 72, {3, 1, 1, 1}},    // the largest tile, both ways
    {{3, 4, 4, 40}, 72, {3, 1, 1, 1}},    // a small map
    {{1, 17, 16, 24}, 24, {3, 1, 1, 1}},  // a large one
    {{1, 16, 17, 40}, 40, {1, 1, 0, 1}},  //
    {{2, 8, 8, 64}, 64, {3, 1, 1, 1}},    //
    {{3, 9, 7, 32}, 72, {3, 2, 1, 1}},    // halves a map of odd size
    {{2, 6, 5, 16}, 8, {1, 1, 0, 1}},     // a product
    {{2, 7, 6, 24}, 40, {1, 2, 0, 1}},    // a shortcut
    {{2, 5, 5, 96}, 48, {3, 1, 1, 2}},    // groups
    {{1, 9, 8, 8}, 16, {7, 2, 3, 1}},     // a large window
    {{2, 8, 8, 3}, 64, {3, 1, 1, 1}},     // the first layer of a network
    {{17, 1, 1, 64}, 10, {1, 1, 0, 1}},   // its last
    {{2, 7, 5, 10}, 6, {3, 2, 1, 2}},     // nothing fits
};
const Variant variants[] = {{0, false}, {8, true}, {3, true}, {4, false}};

template <class T, class Out>
class Check {
 public:
  Check(const Layer& layer, const Variant& variant) : layer_(layer), variant_(variant) {}

  void forward() const {
    run<Out>(
        layer_.x, layer_.w(), layer_.y(), variant_.margin, false,
        [&](auto& ours, const Sink& y, const Tensor& x, const Tensor& w) {
          ours.forward(y.to, x, w);
        },
        [&](const Sink& y, const Tensor& x, const Tensor& w) {
          machine("reference").conv2d(y.to, x, w, layer_.window);
        });
  }
  void input_gradient() const {
    run<Out>(
        layer_.y(), layer_.w(), layer_.x, variant_.margin, variant_.add,
        [&](auto& ours, const Sink& dx, const Tensor& dy, const Tensor& w) {
          ours.input_gradient(dx, dy, w);
        },
        [&](const Sink& dx, const Tensor& dy, const Tensor& w) {
          machine("reference").conv2d_input_gradient(dx, dy, w, layer_.window);
        });
  }
  void weight_gradient() const {
    run<float>(
        layer_.y(), layer_.x, layer_.w(), 0, variant_.add,
        [&](auto& ours, const Sink& dw, const Tensor& dy, const Tensor& x) {
          ours.weight_gradient(dw, dy, x);
        },
        [&](const Sink& dw, const Tensor& dy, const Tensor& x) {
          machine("reference").conv2d_weight_gradient(dw, dy, x, layer_.window);
        });
  }

 private:
  /// Runs both on a, b and what is in the sink; compares with the sum over the numbers as they are,
  /// and over those the tensor cores see.
  template <class To, class Ours, class Definition>
  void run(const Shape& a_shape, const Shape& b_shape, const Shape& to_shape, Index to_margin,
           bool add, Ours&& ours, Definition&& definition) const {
    const auto a = numbers(a_shape, 1), b = numbers(b_shape, 2), old = numbers(to_shape, 3);
    auto& device = static_cast<CudaBackend&>(machine("cuda"));
    const Index b_margin = b_shape == layer_.w() ? 0 : variant_.margin;
    const Placed<T> x(device, a_shape, variant_.margin, a), w(device, b_shape, b_margin, b);
    const Placed<To> y = add ? Placed<To>(device, to_shape, to_margin, old)
                             : Placed<To>(device, to_shape, to_margin);
    const OnTensorCores<T, Out> tensor_cores{device, layer_.window};
    ours(tensor_cores, Sink{y.view, add}, x.view, w.view);
    EXPECT_TRUE(y.surrounded_by_nan());

    const auto expected = [&](const std::vector<float>& left, const std::vector<float>& right) {
      const auto to = in_double(to_shape, old);
      definition(Sink{to.view, add}, in_double(a_shape, left).view, in_double(b_shape, right).view);
      return to.values();
    };
    const auto as_seen = [](std::vector<float> values) {
      for (float& v : values) v = seen<T>(v);
      return values;
    };
    const double exact = std::is_same_v<T, bf16> ? 1e-2 : 1e-3;
    const double multiplied = std::is_same_v<To, float> ? 1e-6 : 1e-2;
    EXPECT_LT(relative_error(y.values(), expected(a, b)), exact);
    EXPECT_LT(relative_error(y.values(), expected(as_seen(a), as_seen(b))), multiplied);
  }

  const Layer& layer_;
  const Variant& variant_;
};

template <class F>
void sweep(F&& f) {
  for (const Layer& layer : layers)
    for (const Variant& v : variants) {
      SCOPED_TRACE(fmt::format("x {} filters {} kernel {} stride {} groups {} margin {} add {}",
                               to_string(layer.x), layer.filters, layer.window.kernel,
                               layer.window.stride, layer.window.groups, v.margin, v.add));
      f(layer, v);
    }
}

TEST(GpuEmulatorTensorCores, ConvolveAsDefined) {
  sweep([](const Layer& layer, const Variant& v) {
    Check<bf16, bf16>(layer, v).forward();
    Check<bf16, float>(layer, v).forward();
    Check<float, float>(layer, v).forward();
  });
}

TEST(GpuEmulatorTensorCores, TakeInputGradientsAsDefined) {
  sweep([](const Layer& layer, const Variant& v) {
    Check<bf16, bf16>(layer, v).input_gradient();
    Check<bf16, float>(layer, v).input_gradient();
    Check<float, float>(layer, v).input_gradient();
  });
}

TEST(GpuEmulatorTensorCores, TakeWeightGradientsAsDefined) {
  sweep([](const Layer& layer, const Variant& v) {
    Check<bf16, bf16>(layer, v).weight_gradient();
    Check<float, float>(layer, v).weight_gradient();
  });
}

TEST(GpuEmulatorTensorCores, AnImageHasTheSameBitsInAnyBatch) {
  const Layer layer{{5, 5, 5, 16}, 24, {3, 2, 1, 1}};
  auto& device = static_cast<CudaBackend&>(machine("cuda"));
  const OnTensorCores<bf16, float> ours{device, layer.window};
  const Placed<bf16> x(device, layer.x, 0, numbers(layer.x, 1)),
      w(device, layer.w(), 0, numbers(layer.w(), 2)),
      dy(device, layer.y(), 0, numbers(layer.y(), 3));
  const auto results = [&](Index first, Index count) {
    const Placed<float> y(device, layer.y().with_images(count), 0),
        dx(device, layer.x.with_images(count), 0);
    ours.forward(y.view, x.view.images(first, count), w.view);
    ours.input_gradient({dx.view}, dy.view.images(first, count), w.view);
    return std::pair(y.view, dx.view);
  };
  const auto [y, dx] = results(0, 5);
  for (Index n = 0; n < 5; ++n) {
    const auto [alone_y, alone_dx] = results(n, 1);
    EXPECT_EQ(alone_y.to_host<float>(), y.images(n, 1).to_host<float>());
    EXPECT_EQ(alone_dx.to_host<float>(), dx.images(n, 1).to_host<float>());
  }
}

TEST(GpuEmulatorTensorCores, MultiplyFloatsOnlyWhereTheseMayBeRounded) {
  const Layer layer{{2, 5, 5, 16}, 16, {3, 1, 1, 1}};
  const auto a = numbers(layer.x, 1), b = numbers(layer.w(), 2), c = numbers(layer.y(), 3);
  /// y, dx and dw in one row
  const auto results = [&]<class T>(Backend& machine) {
    const Placed<T> x(machine, layer.x, 0, a), w(machine, layer.w(), 0, b),
        dy(machine, layer.y(), 0, c);
    const Placed<T> y(machine, layer.y(), 0), dx(machine, layer.x, 0), dw(machine, layer.w(), 0);
    machine.conv2d(y.view, x.view, w.view, layer.window);
    machine.conv2d_input_gradient({dx.view}, dy.view, w.view, layer.window);
    machine.conv2d_weight_gradient({dw.view}, dy.view, x.view, layer.window);
    return std::array{y.values(), dx.values(), dw.values()};
  };
  Backend& device = machine("cuda");
  const auto expected = results.operator()<double>(machine("reference"));
  const auto exact = results.operator()<float>(device);
  device.use_products(Products::tf32);
  const auto rounded = results.operator()<float>(device),
             doubles = results.operator()<double>(device);
  device.use_products(Products::exact);
  for (int i = 0; i < 3; ++i) {
    EXPECT_LT(relative_error(exact[i], expected[i]), 1e-6);
    EXPECT_LT(relative_error(rounded[i], expected[i]), 1e-3);
    EXPECT_GT(relative_error(rounded[i], expected[i]), 1e-5);
    EXPECT_LT(relative_error(doubles[i], expected[i]), 1e-14);
  }
}

}  // namespace
}  // namespace robmask
