// Convolution and its two gradients; docs/convolution.md.

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/pixel_product.h"
#include "engine/cuda/tap_product.h"
#include "engine/cuda/techniques.h"
#include "engine/cuda/tensor_cores.h"

namespace robmask::cuda {

namespace {

/// Calls run.template operator()<Tile>() with the tile for a product of `rows` × `columns`. `rows`
/// are those of one image, so an image meets the same tile in any batch.
template <class T, class Run>
void with_tile(Index rows, Index columns, Run&& run) {
  if (columns <= 16) return run.template operator()<Tile<64, 16, 64, 4, 1>>();
  if constexpr (!std::is_same_v<T, double>) {
    if (columns <= 32) return run.template operator()<Tile<128, 32, 16, 4, 4>>();
    if (rows >= 128) return run.template operator()<Tile<128, 64, 16, 8, 4>>();
  }
  run.template operator()<Tile<64, 64, 16, 4, 4>>();
}

/// Calls one of the two with T: products of bf16 run on tensor cores, those of floats where these
/// may be rounded to tf32, those of doubles never.
template <class T, class OnTensorCores, class Portable>
void pick(const CudaBackend& machine, const OnTensorCores& on_tensor_cores,
          const Portable& portable) {
  if constexpr (!std::is_same_v<T, double>)
    if (std::is_same_v<T, bf16> || machine.products() == Products::tf32)
      return on_tensor_cores.template operator()<T>();
  if constexpr (!std::is_same_v<T, bf16>) portable.template operator()<T>();
}

/// Σ over the taps of each of `taps`, into the pixels that they write. `transposed` says which way
/// the weights lie. On tensor cores the moments of the map are taken where they are asked for.
template <class Real, bool transposed>
void multiply_taps(CudaBackend& machine, std::span<const Taps> taps, const Output& output,
                   const Tensor& read, const WeightView<Real>& weight, Index groups,
                   Moments* moments = nullptr) {
  const auto on_tensor_cores = [&]<class T>() {
    tensor_cores::multiply_taps<T, T, transposed>(machine.stream(), taps, output, read, weight,
                                                  groups, moments);
  };
  const auto portable = [&]<class T>() {
    const Sink& to = output.to;
    const auto depth = static_cast<int>(read.shape().c / groups);
    const auto columns = static_cast<int>(to.to.shape().c / groups);
    for (const Taps& part : taps) {
      if (to.add && part.terms() == 0) continue;  // three quarters of a shortcut's pixels
      with_tile<T>(part.image_pixels(), columns, [&]<class Tile>() {
        const int column_tiles = (columns + Tile::columns - 1) / Tile::columns;
        const TapProduct<T, Tile, transposed> product{.taps = part,
                                                      .read = Gathered<T>(read),
                                                      .weight = weight,
                                                      .to = to.to.data<T>(),
                                                      .pitch = to.to.pitch(),
                                                      .pixels = part.pixels(),
                                                      .depth = depth,
                                                      .columns = columns,
                                                      .column_tiles = column_tiles,
                                                      .add = to.add};
        gpu::launch(machine.stream(), product.blocks(groups), product);
      });
    }
    if (output.gate) machine.relu_gradient({to.to}, to.to, output.gate);
  };
  pick<Real>(machine, on_tensor_cores, portable);
}

/// x ⋆ w on its way to `output`.
template <class T>
void convolve(CudaBackend& machine, const Output& output, const Tensor& x, const Tensor& w,
              const Window& window, Moments* moments = nullptr) {
  const Shape& out = output.to.to.shape();
  const Taps taps(forward_axis(out.h, window), forward_axis(out.w, window), x, out, window);
  const WeightView<T> weight{w.data<T>(), w.shape().w * w.pitch(), out.c / window.groups, w.pitch(),
                             1};
  multiply_taps<T, false>(machine, {&taps, 1}, output, x, weight, window.groups, moments);
}

/// Σ over the pixels, for every term (tap, channel) of the weights.
template <class Real>
void multiply_pixels(CudaBackend& machine, Sink dw, const Tensor& dy, const Tensor& x,
                     const Taps& taps, Index groups) {
  const auto on_tensor_cores = [&]<class T>() {
    tensor_cores::multiply_pixels<T>(machine, dw, dy, x, taps, groups);
  };
  const auto portable = [&]<class T>() {
    const Index all = dy.shape().c, terms = taps.terms();
    const auto depth = static_cast<int>(x.shape().c / groups),
               columns = static_cast<int>(all / groups);
    with_tile<T>(terms, columns, [&]<class Tile>() {
      const int column_tiles = (columns + Tile::columns - 1) / Tile::columns;
      const Index tiles = (terms + Tile::rows - 1) / Tile::rows * column_tiles;
      const auto pieces = static_cast<int>(pieces_of(taps.pixels(), tiles * groups));
      const int piece =
          ((taps.pixels() + pieces - 1) / pieces + Tile::depth - 1) / Tile::depth * Tile::depth;
      const Tensor sums(machine, {pieces, 1, terms, all}, dtype_of<T>());
      const PixelProduct<T, Tile> product{.taps = taps,
                                          .x = Gathered<T>(x),
                                          .dy = dy.data<T>(),
                                          .dy_pitch = dy.pitch(),
                                          .sums = sums.data<T>(),
                                          .pixels = taps.pixels(),
                                          .piece_pixels = piece,
                                          .depth = depth,
                                          .columns = columns,
                                          .column_tiles = column_tiles,
                                          .all_columns = static_cast<int>(all)};
      gpu::launch(machine.stream(), {tiles, pieces, groups}, product);
      add_pieces<T>(machine.stream(), dw, sums);
    });
  };
  pick<Real>(machine, on_tensor_cores, portable);
}

}  // namespace

// x: N·H·W·Cin   w: K·K·Cin/g·Cout   y: N·H'·W'·Cout
void CudaBackend::conv2d(Tensor y, Tensor x, Tensor w, const Window& window, Moments* moments) {
  dispatch_map(x.dtype(), [&]<class T>() { convolve<T>(*this, {{y}}, x, w, window, moments); });
}

bool CudaBackend::folds_masks(DType maps) const {
  const bool rounds = maps == DType::bf16 || (maps == DType::f32 && products() == Products::tf32);
  return rounds && uses(Technique::folded_masks);
}

void CudaBackend::conv2d_folded(Tensor z, Tensor x, Tensor w, const Window& window,
                                const FoldedMask& mask) {
  if (!folds_masks(x.dtype())) return Backend::conv2d_folded(z, x, w, window, mask);
  dispatch_map(x.dtype(), [&]<class T>() { convolve<T>(*this, {{z}, {}, mask}, x, w, window); });
}

void CudaBackend::conv2d_input_gradient(Sink dx, Tensor dy, Tensor w, const Window& window,
                                        Tensor gate) {
  const Shape& in = dx.to.shape();
  std::vector<Taps> taps;  // for each class of input pixels
  for (int h = 0; h < window.stride; ++h)
    for (int v = 0; v < window.stride; ++v)
      taps.emplace_back(gradient_axis(in.h, h, window), gradient_axis(in.w, v, window), dy, in,
                        window);
  dispatch_map(dy.dtype(), [&]<class T>() {
    const WeightView<T> weight{w.data<T>(), w.shape().w * w.pitch(), dy.shape().c / window.groups,
                               1, w.pitch()};
    multiply_taps<T, true>(*this, taps, {dx, gate}, dy, weight, window.groups);
  });
}

void CudaBackend::conv2d_weight_gradient(Sink dw, Tensor dy, Tensor x, const Window& window) {
  // One tap and every pixel once: dw = xᵀ·dy. Weight gradients sum over the batch anyway, so cuBLAS
  // may choose its algorithm by the number of rows.
  const bool plain =
      window.kernel == 1 && window.stride == 1 && window.pad == 0 && window.groups == 1;
  if (plain && cublas_->exists()) return cublas_->multiply_rows(dw.to, x, dy, {products(), dw.add});

  const Shape& out = dy.shape();
  const Taps taps(forward_axis(out.h, window), forward_axis(out.w, window), x, out, window);
  dispatch_map(dy.dtype(),
               [&]<class T>() { multiply_pixels<T>(*this, dw, dy, x, taps, window.groups); });
}

}  // namespace robmask::cuda
