#include "engine/cuda/halo.h"

#include <algorithm>

#include "engine/cuda/halo_product.h"

namespace robmask::cuda::halo {

template <bool transposed>
void multiply(CudaBackend& machine, const Output& output, const Tensor& read, const Tensor& w,
              Moments* moments) {
  using Product = HaloProduct<transposed>;
  const Shape& s = output.to.to.shape();
  const Index rows = ceil_div(s.h, Halo::side), columns = ceil_div(s.w, Halo::side);
  const Index tap = w.shape().w * w.pitch(), tiles = s.n * rows * columns;
  expect(s.rows() < Index{1} << 31, "a map of {}: its pixels must fit 31 bits", to_string(s));
  if (moments)  // a tile's are those of a piece
    *moments = {Tensor(machine, {tiles, 1, 2, s.c}, DType::f64), Product::Tile::rows, s.rows()};
  const Product product{.read = Gathered<bf16>(read),
                        .weight = {.data = w.data<bf16>(),
                                   .tap = tap,
                                   .group = 0,
                                   .depth = transposed ? 1 : w.pitch(),
                                   .column = transposed ? w.pitch() : 1},
                        .to = output_map<bf16>(output, s.c),
                        .moments = Rows<double>(moments ? moments->pieces : Tensor()),
                        .tiles = static_cast<int>(tiles),
                        .tile_rows = static_cast<int>(rows),
                        .tile_columns = static_cast<int>(columns)};
  // As many as run at once, so that each brings its weights once and multiplies many tiles.
  const Index layers = s.c / Product::Tile::columns;
  const Index at_once = ceil_div(machine.multiprocessors() * Product::blocks_each, layers);
  gpu::launch(machine.stream(), {std::min(tiles, at_once), layers}, product);
}

template void multiply<false>(CudaBackend&, const Output&, const Tensor&, const Tensor&, Moments*);
template void multiply<true>(CudaBackend&, const Output&, const Tensor&, const Tensor&, Moments*);

bool fits(const Output& output, const Tensor& read, const Tensor& w, const Window& window,
          bool moments) {
  const Tensor& written = output.to.to;
  const Shape& s = written.shape();
  if (moments && (s.h % Halo::side != 0 || s.w % Halo::side != 0)) return false;  // whole tiles
  bool in_chunks = false;
  with_packs<bf16>({written, read, w, output.gate, output.mask.residual},
                   [&]<int V>() { in_chunks = V == Halo::wide; });
  return in_chunks && read.dtype() == DType::bf16 && window.kernel == 3 && window.stride == 1 &&
         window.pad == 1 && window.groups == 1 && read.shape().c == HaloProduct<false>::depth &&
         s.c % HaloProduct<false>::Tile::columns == 0 && std::min(s.h, s.w) >= Halo::side;
}

}  // namespace robmask::cuda::halo
