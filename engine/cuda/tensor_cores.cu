#include "engine/cuda/tensor_cores.h"

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

/// `columns` of a group are written.
template <class Out>
OutputMap<Out> output_map(const Sink& to, Index columns) {
  const Tensor& map = to.to;
  const Index wide = std::is_same_v<Out, bf16> ? 8 : 2;
  const bool fits = columns % wide == 0 && map.pitch() % wide == 0 &&
                    reinterpret_cast<std::uintptr_t>(map.bytes()) % (wide * sizeof(Out)) == 0;
  OutputMap<Out> output{.to = Rows<Out>(map), .wide = fits};
  if (to.add) output.addend = output.to;
  return output;
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
void multiply_taps(gpu::Stream stream, const Taps& taps, const Sink& to, const Tensor& read,
                   const WeightView<T>& weight, Index groups, Moments* moments) {
  const Index depth = read.shape().c / groups, columns = to.to.shape().c / groups;
  const TapFactors<T> factors{taps, Gathered<T>(read), weight, static_cast<int>(depth),
                              static_cast<int>(columns)};
  const auto start = [&]<class Tile, template <class, class, bool> class Source>() {
    const auto column_tiles = static_cast<int>(ceil_div(columns, Tile::columns));
    const WarpTapProduct<T, Out, Tile, Source<T, Tile, transposed>> product{
        factors, output_map<Out>(to, columns), column_tiles};
    const gpu::Blocks blocks = product.blocks(groups);
    if constexpr (has_moments<T, Out, transposed>)
      if (moments) {
        *moments = moments_of(to.to, Tile::rows);
        const Rows<double> pieces(moments->pieces);
        return gpu::launch(stream, blocks, WarpTapProductWithMoments{product, pieces});
      }
    gpu::launch(stream, blocks, product);
  };

  const bool weights_in_chunks = in_chunks(weight.data, transposed ? weight.column : weight.depth,
                                           transposed ? depth : columns);
  const int pixels = taps.image_pixels();  // so that an image meets the same tile in any batch
  if (!weights_in_chunks || !in_chunks(factors.read.data, read.pitch(), depth))
    start.template operator()<WarpTile<128, 64, 64, 32>, TapElements>();
  else if (columns <= 16)
    start.template operator()<WarpTile<128, 16, 32, 16>, TapChunks>();
  else if (columns <= 32 && pixels >= 256)
    start.template operator()<WarpTile<256, 32, 64, 32>, TapChunks>();
  else if (columns <= 32)
    start.template operator()<WarpTile<64, 32, 16, 32>, TapChunks>();
  else if (columns <= 64 && pixels >= 256)
    start.template operator()<WarpTile<256, 64, 64, 64>, TapChunks>();
  else if (columns <= 64 || pixels < 64)  // small maps: more blocks
    start.template operator()<WarpTile<128, 64, 64, 32>, TapChunks>();
  else
    start.template operator()<WarpTile<128, 128, 64, 64>, TapChunks>();
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
        .sums = output_map<float>({sums}, columns),
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

#define ROBMASK_TENSOR_CORES(T, Out)                                                               \
  template void multiply_taps<T, Out, false>(gpu::Stream, const Taps&, const Sink&, const Tensor&, \
                                             const WeightView<T>&, Index, Moments*);               \
  template void multiply_taps<T, Out, true>(gpu::Stream, const Taps&, const Sink&, const Tensor&,  \
                                            const WeightView<T>&, Index, Moments*);
ROBMASK_TENSOR_CORES(bf16, bf16)
ROBMASK_TENSOR_CORES(bf16, float)
ROBMASK_TENSOR_CORES(float, float)
template void multiply_pixels<bf16>(CudaBackend&, const Sink&, const Tensor&, const Tensor&,
                                    const Taps&, Index);
template void multiply_pixels<float>(CudaBackend&, const Sink&, const Tensor&, const Tensor&,
                                     const Taps&, Index);

}  // namespace robmask::cuda::tensor_cores
