// Convolutions whose pixels are brought once for all taps against their definitions.

#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/cuda/halo.h"
#include "tests/gpu_emulator/on_tensor_cores.h"
#include "tests/gpu_emulator/placed.h"

namespace robmask {
namespace {

using cuda::CudaBackend;

const Window window{.kernel = 3, .stride = 1, .pad = 1, .groups = 1};

CudaBackend& device() { return static_cast<CudaBackend&>(machine("cuda")); }

/// A layer of one tile, one of more tiles than there are blocks, one whose last tiles are partly
/// outside, and one with two layers of written channels.
struct Layer {
  Shape read;
  Index written;

  Shape to() const { return read.with_channels(written); }
};
const Layer layers[] = {
    {{1, 16, 16, 64}, 64}, {{2, 32, 32, 64}, 64}, {{3, 17, 19, 64}, 64}, {{1, 21, 16, 64}, 128}};

/// A view with `margin` more channels on either side; and whether it is added to what is there.
struct Variant {
  Index margin;
  bool add;
};
const Variant variants[] = {{0, false}, {8, true}};

/// ours(to, read, w) and definition(to, read, w) over all layers; shape(layer) is that of w.
template <class ShapeOf, class Ours, class Definition>
void compare(bool adds, ShapeOf&& shape, Ours&& ours, Definition&& definition) {
  for (const Layer& layer : layers)
    for (const Variant& v : variants) {
      SCOPED_TRACE(fmt::format("reads {} writes {} margin {} add {}", to_string(layer.read),
                               layer.written, v.margin, v.add));
      const bool add = adds && v.add;
      auto read = numbers(layer.read, 1), w = numbers(shape(layer), 2),
           old = numbers(layer.to(), 3);
      for (auto* values : {&read, &w, &old})
        for (float& value : *values) value = seen<bf16>(value);
      const Placed<bf16> there(device(), layer.read, v.margin, read),
          weights(device(), shape(layer), 0, w);
      const Placed<bf16> to = add ? Placed<bf16>(device(), layer.to(), v.margin, old)
                                  : Placed<bf16>(device(), layer.to(), v.margin);
      const auto expected = in_double(layer.to(), old);
      ASSERT_TRUE(cuda::halo::fits({{to.view}}, there.view, weights.view, window));
      ours(Sink{to.view, add}, there.view, weights.view);
      definition(Sink{expected.view, add}, in_double(layer.read, read).view,
                 in_double(shape(layer), w).view);
      EXPECT_TRUE(to.surrounded_by_nan());
      EXPECT_LT(relative_error(to.values(), expected.values()), 2e-3);  // half a last bit
    }
}

TEST(GpuEmulatorHalo, ConvolvesAsDefined) {
  compare(
      false,
      [](const Layer& layer) {
        return Shape{3, 3, layer.read.c, layer.written};
      },
      [](const Sink& y, const Tensor& x, const Tensor& w) {
        cuda::halo::multiply<false>(device(), {{y.to}}, x, w);
      },
      [](const Sink& y, const Tensor& x, const Tensor& w) {
        machine("reference").conv2d(y.to, x, w, window);
      });
}

TEST(GpuEmulatorHalo, TakesInputGradientsAsDefined) {
  compare(
      true,
      [](const Layer& layer) {
        return Shape{3, 3, layer.written, layer.read.c};
      },
      [](const Sink& dx, const Tensor& dy, const Tensor& w) {
        cuda::halo::multiply<true>(device(), {dx}, dy, w);
      },
      [](const Sink& dx, const Tensor& dy, const Tensor& w) {
        machine("reference").conv2d_input_gradient(dx, dy, w, window);
      });
}

TEST(GpuEmulatorHalo, AppliesMasksAndGatesAsDefined) {
  const Shape shape{2, 17, 16, 64}, filters{3, 3, 64, 64}, row{1, 1, 1, 64};
  auto x = numbers(shape, 1), w = numbers(filters, 2), shift = numbers(row, 3),
       other = numbers(shape, 4);
  for (auto* values : {&x, &w, &other})
    for (float& value : *values) value = seen<bf16>(value);
  const Placed<bf16> there(device(), shape, 0, x), weights(device(), filters, 0, w),
      map(device(), shape, 8, other), to(device(), shape, 0);
  const Placed<float> shifts(device(), row, 0, shift);
  const auto expected = in_double(shape, x), in = in_double(shape, x), by = in_double(filters, w),
             besides = in_double(shape, other);
  Backend& reference = machine("reference");

  cuda::halo::multiply<false>(device(), {{to.view}, {}, {shifts.view, map.view, true}}, there.view,
                              weights.view);
  reference.conv2d_folded(expected.view, in.view, by.view, window,
                          {in_double(row, shift).view, besides.view, true});
  EXPECT_LT(relative_error(to.values(), expected.values()), 2e-3);

  cuda::halo::multiply<true>(device(), {{to.view}, map.view}, there.view, weights.view);
  reference.conv2d_input_gradient({expected.view}, in.view, by.view, window, besides.view);
  EXPECT_LT(relative_error(to.values(), expected.values()), 2e-3);
}

TEST(GpuEmulatorHalo, SumsInTheOrderInWhichOtherTilesDo) {
  const Shape shape{2, 17, 16, 64}, filters{3, 3, 64, 64};
  const Placed<bf16> x(device(), shape, 0, numbers(shape, 1)),
      w(device(), filters, 0, numbers(filters, 2));
  const auto results = [&] {
    const Placed<bf16> y(device(), shape, 0), dx(device(), shape, 0);
    Backend& backend = device();
    backend.conv2d(y.view, x.view, w.view, window);
    backend.conv2d_input_gradient({dx.view}, x.view, w.view, window);
    return std::pair(y.values(), dx.values());
  };
  const auto ours = results();
  setenv("ROBMASK_WITHOUT", "halo", 1);
  EXPECT_EQ(results(), ours);
  unsetenv("ROBMASK_WITHOUT");
}

TEST(GpuEmulatorHalo, TakesTheMomentsOfWholeTilesAsOfPieces) {
  constexpr Index side = 16, channels = 64, tiles = 4;  // two in each image, side by side
  const Shape shape{2, side, 2 * side, channels}, filters{3, 3, channels, channels};
  const Placed<bf16> x(device(), shape, 0, numbers(shape, 1)),
      w(device(), filters, 0, numbers(filters, 2)), y(device(), shape, 0);
  Moments moments;
  device().conv2d(y.view, x.view, w.view, window, &moments);
  ASSERT_EQ(moments.pieces.shape(), (Shape{tiles, 1, 2, channels}));
  EXPECT_EQ(moments.piece, side * side);
  EXPECT_EQ(moments.rows, shape.rows());
  const auto written = y.values();
  const auto found = moments.pieces.to_doubles();
  for (Index tile = 0; tile < tiles; ++tile)
    for (Index c = 0; c < channels; ++c) {
      const auto at = [&](Index p) {  // of the tile
        const Index row = tile / 2 * side + p / side, column = tile % 2 * side + p % side;
        return static_cast<double>(written[(row * 2 * side + column) * channels + c]);
      };
      double mean = 0, squares = 0;
      for (Index p = 0; p < side * side; ++p) mean += at(p) / (side * side);
      for (Index p = 0; p < side * side; ++p) squares += (at(p) - mean) * (at(p) - mean);
      EXPECT_NEAR(found[(2 * tile) * channels + c], mean, 1e-6);
      EXPECT_NEAR(found[(2 * tile + 1) * channels + c], squares, 1e-5 * squares);
    }
}

TEST(GpuEmulatorHalo, AnImageHasTheSameBitsInAnyBatch) {
  const Shape shape{4, 17, 16, 64}, filters{3, 3, 64, 64};
  const Placed<bf16> x(device(), shape, 0, numbers(shape, 1)),
      w(device(), filters, 0, numbers(filters, 2));
  const auto results = [&](Index first, Index count) {
    const Placed<bf16> y(device(), shape.with_images(count), 0),
        dx(device(), shape.with_images(count), 0);
    cuda::halo::multiply<false>(device(), {{y.view}}, x.view.images(first, count), w.view);
    cuda::halo::multiply<true>(device(), {{dx.view}}, x.view.images(first, count), w.view);
    return std::pair(y.view, dx.view);
  };
  const auto [y, dx] = results(0, 4);
  for (Index n = 0; n < 4; ++n) {
    const auto [alone_y, alone_dx] = results(n, 1);
    EXPECT_EQ(alone_y.to_doubles(), y.images(n, 1).to_doubles());
    EXPECT_EQ(alone_dx.to_doubles(), dx.images(n, 1).to_doubles());
  }
}

TEST(GpuEmulatorHalo, TakesOnlyWhatItsTilesAreMadeFor) {
  const auto fits = [](const Shape& read, Index written, const Window& win, Index margin = 0) {
    const Placed<bf16> x(device(), read, margin),
        w(device(), {3, 3, read.c / win.groups, written}, 0),
        y(device(), {read.n, win.output(read.h), win.output(read.w), written}, 0);
    return cuda::halo::fits({{y.view}}, x.view, w.view, win);
  };
  const Shape shape{1, 32, 32, 64};
  EXPECT_TRUE(fits(shape, 64, window));
  EXPECT_TRUE(fits(shape, 192, window, 8));
  EXPECT_FALSE(fits(shape, 64, window, 3)) << "not 16 bytes at a time";
  EXPECT_FALSE(fits(shape, 96, window));
  EXPECT_FALSE(fits({1, 32, 32, 128}, 64, window));
  EXPECT_FALSE(fits({1, 32, 8, 64}, 64, window));
  EXPECT_FALSE(fits(shape, 64, {3, 2, 1, 1}));
  EXPECT_FALSE(fits(shape, 64, {3, 1, 0, 1}));
  EXPECT_FALSE(fits(shape, 64, {3, 1, 1, 2}));
}

/// What a machine that the environment asks for wgmma starts for a convolution that fits.
class GpuEmulatorHaloSetting : public testing::Test {
 protected:
  GpuEmulatorHaloSetting() { gpu::emulated::break_kernel("HaloProduct"); }
  ~GpuEmulatorHaloSetting() override {
    gpu::emulated::break_kernel("");
    unsetenv("ROBMASK_WITHOUT");
  }

  /// Whether a convolution, with moments or without, and its input gradient start such a kernel.
  static bool starts(CudaBackend& machine, bool gradient, Moments* moments = nullptr) {
    const Placed<bf16> x(machine, {1, 16, 16, 64}, 0), y(machine, {1, 16, 16, 64}, 0),
        w(machine, {3, 3, 64, 64}, 0);
    try {
      if (gradient)
        machine.conv2d_input_gradient({x.view}, y.view, w.view, window, {});
      else
        machine.conv2d(y.view, x.view, w.view, window, moments);
      gpu::synchronize(machine.stream());
      return false;
    } catch (const RunError&) {
      gpu::emulated::break_kernel("HaloProduct");  // whole again until then
      return true;
    }
  }
};

TEST_F(GpuEmulatorHaloSetting, TakesThemUnlessTheyAreLeftOut) {
  CudaBackend machine(0);
  Moments moments;
  EXPECT_TRUE(starts(machine, false));
  EXPECT_TRUE(starts(machine, true));
  EXPECT_TRUE(starts(machine, false, &moments));
  setenv("ROBMASK_WITHOUT", "halo", 1);
  EXPECT_FALSE(starts(machine, false));
  EXPECT_FALSE(starts(machine, true));
}

}  // namespace
}  // namespace robmask
