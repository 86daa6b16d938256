#include "engine/cuda/tensor_cores.h"

#include <algorithm>

#include "engine/cuda/rows.h"
#include "engine/cuda/warp_moments.h"
#include "engine/cuda/warp_pixels.h"
#include "engine/cuda/warp_taps.h"

namespace robmask::cuda::tensor_cores {

namespace {

/// Whether memory of `pitch` elements a row can be read 16 bytes at a time.
template <class T>
bool in_chunks(const T* data, Index pitch, Index channels) {
  constexpr Index wide = 16 / sizeof(T);
  return channels % wide == 0 && pitch % wide == 0 &&
         reinterpret_cast<std::uintptr_t>(data) % 16 == 0;
}

/// Moments are asked of maps that a convolution writes; a gradient has none.
template <class T, class Out, bool transposed>
constexpr bool has_moments = std::is_same_v<T, Out> && !transposed;

/// Room for those of y, with pieces of so many rows.
Moments moments_of(const Tensor& y, Index piece) {
  const Index rows = y.shape().rows();
  return {Tensor(y.machine(), {ceil_div(rows, piece), 1, 2, y.shape().c}, DType::f64), piece, rows};
}

}  // namespace

template <class T, class Out, bool transposed>
void multiply_taps(gpu::Stream stream, std::span<const Taps> taps, const Output& output,
                   const Tensor& read, const WeightView<T>& weight, Index groups,
                   Moments* moments) {
  const Tensor& to = output.to.to;
  const Index depth = read.shape().c / groups, columns = to.shape().c / groups;
  const MapFactors<T> factors{Gathered<T>(read), weight, static_cast<int>(depth),
                              static_cast<int>(columns)};
  int pixels = 0;  // so that an image meets the same tile in any batch
  for (const Taps& t : taps) pixels = std::max(pixels, t.image_pixels());

  const auto start_parts = [&]<class Tile, class Source, int parts>(std::span<const Taps> some) {
    const auto column_tiles = static_cast<int>(ceil_div(columns, Tile::columns));
    WarpTapProduct<T, Out, Tile, Source, parts> product{.factors = factors,
                                                        .to = output_map<Out>(output, columns),
                                                        .column_tiles = column_tiles,
                                                        .taps = {}};
    std::copy(some.begin(), some.end(), product.taps);
    const gpu::Blocks blocks = product.blocks(some.size(), groups);
    if constexpr (has_moments<T, Out, transposed>)
      if (moments) {
        *moments = moments_of(to, Tile::rows);
        const Rows<double> pieces(moments->pieces);
        return gpu::launch(stream, blocks, WarpTapProductWithMoments{pieces, product});
      }
    gpu::launch(stream, blocks, product);
  };
  const auto start = [&]<class Tile, class Source>() {
    if (taps.size() == 1) return start_parts.template operator()<Tile, Source, 1>(taps);
    if constexpr (transposed) {
      constexpr std::size_t most = 4;  // of a stride of 2
      for (std::size_t i = 0; i < taps.size(); i += most)
        start_parts.template operator()<Tile, Source, most>(
            taps.subspan(i, std::min(most, taps.size() - i)));
    }
  };

  const bool weights_in_chunks = in_chunks(weight.data, transposed ? weight.column : weight.depth,
                                           transposed ? depth : columns);
  if (!weights_in_chunks || !in_chunks(factors.read.data, read.pitch(), depth)) {
    using Tile = WarpTile<128, 64, 64, 32>;
    return start.template operator()<Tile, TapElements<T, Tile, transposed>>();
  }
  const auto with = [&]<class Tile>() {
    start.template operator()<Tile, TapChunks<T, Tile, transposed>>();
  };
  if (columns <= 16)
    with.template operator()<WarpTile<128, 16, 32, 16>>();
  else if (columns <= 32 && pixels >= 256)
    with.template operator()<WarpTile<256, 32, 64, 32>>();
  else if (columns <= 32)
    with.template operator()<WarpTile<64, 32, 16, 32>>();
  else if (columns <= 64 && pixels >= 256)
    with.template operator()<WarpTile<256, 64, 64, 64>>();
  else if (pixels < 64)  // few blocks of small maps: twice the warps
    with.template operator()<WarpTile<128, 64, 32, 32>>();
  else if (columns <= 64)
    with.template operator()<WarpTile<128, 64, 64, 32>>();
  else if (pixels < 256)
    with.template operator()<WarpTile<128, 128, 64, 32>>();
  else
    with.template operator()<WarpTile<128, 128, 64, 64>>();
}

template <class T>
void multiply_pixels(CudaBackend& machine, const Sink& dw, const Tensor& dy, const Tensor& x,
                     const Taps& taps, Index groups) {
  const Index all = dy.shape().c, depth = x.shape().c / groups, columns = all / groups;
  const PixelFactors<T> factors{taps, Gathered<T>(x), dy.data<T>(), dy.pitch(),
                                static_cast<int>(columns)};
  const auto start = [&]<class Tile, template <class, class> class Source>() {
    const Index column_tiles = ceil_div(columns, Tile::columns);
    const Index tiles = ceil_div(taps.terms(), Tile::rows) * column_tiles;
    const Index pieces = pieces_of(taps.pixels(), tiles * groups);
    constexpr Index step = Panel<T, Tile::rows, false>::depth;
    const Index piece = ceil_div(ceil_div(taps.pixels(), pieces), step) * step;
    const Tensor sums(machine, {pieces, 1, taps.terms(), all}, DType::f32);
    const WarpPixelProduct<T, Tile, Source<T, Tile>> product{
        .factors = factors,
        .sums = output_map<float>({{sums}}, columns),
        .piece_pixels = static_cast<int>(piece),
        .depth = static_cast<int>(depth),
        .column_tiles = static_cast<int>(column_tiles)};
    gpu::launch(machine.stream(), {tiles, pieces, groups}, product);
    add_pieces<float>(machine.stream(), dw, sums);
  };

  if (!in_chunks(factors.x.data, x.pitch(), depth) || !in_chunks(factors.dy, dy.pitch(), columns))
    start.template operator()<WarpTile<32, 64, 16, 32>, PixelElements>();
  else if (columns <= 32)
    start.template operator()<WarpTile<128, 32, 32, 32>, PixelChunks>();
  else if (columns <= 64)
    start.template operator()<WarpTile<128, 64, 64, 32>, PixelChunks>();
  else
    start.template operator()<WarpTile<128, 128, 64, 64>, PixelChunks>();
}

#define ROBMASK_TENSOR_CORES(T, Out)                                                            \
  template void multiply_taps<T, Out, false>(gpu::Stream, std::span<const Taps>, const Output&, \
                                             const Tensor&, const WeightView<T>&, Index,        \
                                             Moments*);                                         \
  template void multiply_taps<T, Out, true>(gpu::Stream, std::span<const Taps>, const Output&,  \
                                            const Tensor&, const WeightView<T>&, Index, Moments*);
ROBMASK_TENSOR_CORES(bf16, bf16)
ROBMASK_TENSOR_CORES(bf16, float)
ROBMASK_TENSOR_CORES(float, float)
template void multiply_pixels<bf16>(CudaBackend&, const Sink&, const Tensor&, const Tensor&,
                                    const Taps&, Index);
template void multiply_pixels<float>(CudaBackend&, const Sink&, const Tensor&, const Tensor&,
                                     const Taps&, Index);

}  // namespace robmask::cuda::tensor_cores
