#pragma once
// Weights in the order in which the tiles of tap_product.cpp meet them.

#include <algorithm>

#include "engine/cpu/tap_product.h"
#include "engine/cpu/vector.h"
#include "engine/threads.h"

namespace robmask::ROBMASK_ISA {

/// Weights from `depth` channels to `columns` columns, from `first` on with the strides of `view`,
/// as rows of `width`, zero-padded: those of channel k at row(k).
template <int width, class T, class Row>
void pack_rows(const WeightView<T>& view, const T* first, Index depth, Index columns, Row&& row) {
  constexpr int n = lanes<T>;
  if (columns < width)
    for (Index k = 0; k < depth; ++k) std::fill_n(row(k) + columns, width - columns, T(0));
  if (view.column == 1) {
    for (Index k = 0; k < depth; ++k)
      for (Index i = 0; i < columns; i += n)
        store_some(row(k) + i, load_some(first + k * view.depth + i, columns - i), columns - i);
    return;
  }
  for (Index i = 0; i < columns; i += n)
    for (Index k = 0; k < depth; k += n)
      if (view.depth == 1 && columns - i >= n && depth - k >= n) {
        Vector<T> square[n];  // whose columns lie along rows in memory
        for (int m = 0; m < n; ++m) square[m] = load(first + (i + m) * view.column + k);
        transpose<T>(square);
        for (int l = 0; l < n; ++l) store(row(k + l) + i, square[l]);
      } else {
        for (Index l = k; l < std::min<Index>(k + n, depth); ++l)
          for (Index m = i; m < std::min<Index>(i + n, columns); ++m)
            row(l)[m] = first[l * view.depth + m * view.column];
      }
}

/// For each group and block of `block_depth` channels: panels of `width` columns, zero-padded, each
/// as [tap][channel of the block][width].
template <class T, int width>
class PackedWeights {
 public:
  PackedWeights(const TapProduct<T>& product, Index block_depth, Backend& scratch)
      : p_(product),
        block_depth_(block_depth),
        panels_((p_.columns + width - 1) / width),
        buffer_(scratch, {p_.groups, p_.taps.count(), p_.depth, panels_ * width}, dtype_of<T>()),
        data_(buffer_.template data<T>()) {
    const Index taps = p_.taps.count();
    parallel_for(p_.groups * taps * panels_,
                 [&](Index i) { pack(i / panels_ / taps, i / panels_ % taps, i % panels_); });
  }

  Index panels() const { return panels_; }

  /// The panel in the block of depth that starts at `first`.
  T* panel(Index group, Index first, Index panel) const {
    const Index depth = std::min(block_depth_, p_.depth - first);
    return data_ + ((group * p_.depth + first) * panels_ + depth * panel) * p_.taps.count() * width;
  }

 private:
  /// Row of channel k in a panel.
  T* row(Index group, Index tap, Index j, Index k) const {
    const Index first = k / block_depth_ * block_depth_;
    const Index depth = std::min(block_depth_, p_.depth - first);
    return panel(group, first, j) + (tap * depth + k - first) * width;
  }

  void pack(Index group, Index tap, Index j) const {
    const WeightView<T>& w = p_.weight;
    const T* first = w.data + p_.taps.weight[tap] * w.tap + group * w.group + j * width * w.column;
    pack_rows<width>(w, first, p_.depth, std::min<Index>(width, p_.columns - j * width),
                     [&](Index k) { return row(group, tap, j, k); });
  }

  const TapProduct<T>& p_;
  Index block_depth_, panels_;
  Tensor buffer_;
  T* data_;
};

}  // namespace robmask::ROBMASK_ISA
