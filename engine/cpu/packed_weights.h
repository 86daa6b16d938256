#pragma once
// Weights in the order in which the tiles of tap_product.cpp meet them.

#include <algorithm>

#include "engine/cpu/tap_product.h"
#include "engine/cpu/vector.h"

namespace robmask::ROBMASK_ISA {

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
#pragma omp parallel for collapse(3) schedule(static)
    for (Index group = 0; group < p_.groups; ++group)
      for (Index tap = 0; tap < p_.taps.count(); ++tap)
        for (Index panel = 0; panel < panels_; ++panel) pack(group, tap, panel);
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
    const Index columns = std::min<Index>(width, p_.columns - j * width);
    const T* from = w.data + p_.taps.weight[tap] * w.tap + group * w.group + j * width * w.column;
    if (columns < width)
      for (Index k = 0; k < p_.depth; ++k)
        std::fill_n(row(group, tap, j, k) + columns, width - columns, T(0));
    if (w.column == 1) {
      for (Index k = 0; k < p_.depth; ++k)
        std::copy_n(from + k * w.depth, columns, row(group, tap, j, k));
      return;
    }
    for (Index i = 0; i < columns; i += n)
      for (Index k = 0; k < p_.depth; k += n)
        if (w.depth == 1 && columns - i >= n && p_.depth - k >= n)
          pack_square(from + i * w.column + k, group, tap, j, k, i);
        else
          for (Index l = k; l < std::min<Index>(k + n, p_.depth); ++l)
            for (Index m = i; m < std::min<Index>(i + n, columns); ++m)
              row(group, tap, j, l)[m] = from[l * w.depth + m * w.column];
  }

  /// n columns of n channels that lie along rows in memory.
  void pack_square(const T* from, Index group, Index tap, Index j, Index k, Index column) const {
    Vector<T> rows[n];
    for (int i = 0; i < n; ++i) rows[i] = load(from + i * p_.weight.column);
    transpose<T>(rows);
    for (int i = 0; i < n; ++i) store(row(group, tap, j, k + i) + column, rows[i]);
  }

  static constexpr int n = lanes<T>;

  const TapProduct<T>& p_;
  Index block_depth_, panels_;
  Tensor buffer_;
  T* data_;
};

}  // namespace robmask::ROBMASK_ISA
