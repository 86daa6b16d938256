#pragma once
// The inner loops of convolution: a tile of C kept in registers while a long sum runs.

#include <algorithm>
#include <utility>

#include "engine/cpu/vector.h"

namespace robmask::ROBMASK_ISA {

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
constexpr Index round_up(Index a, Index b) { return ceil_div(a, b) * b; }

/// Rows of a tile that is `vectors` wide: as many as leave registers for the operands, and at least
/// eight accumulators to hide the latency of a multiply-add.
constexpr int tile_rows(int vectors) {
  if (vector_registers == 32) return vectors == 4 ? 6 : vectors == 3 ? 8 : 12;
  return vectors == 2 ? 6 : 10;
}

/// Widest tile, in vectors.
inline constexpr int max_vectors = vector_registers == 32 ? 4 : 2;

/// The width that covers `columns` with the least padding; wider is better on a tie.
template <class T>
int choose_vectors(Index columns) {
  const Index needed = ceil_div(columns, lanes<T>);
  auto padded = [&](int v) { return round_up(needed, v); };
  int best = max_vectors;
  for (int v = max_vectors - 1; v >= 1; --v)
    if (padded(v) < padded(best)) best = v;
  return best;
}

/// f of that width, as a template argument.
template <class T, class F>
void with_vectors(Index columns, F&& f) {
  switch (choose_vectors<T>(columns)) {
    case 1: return f.template operator()<1>();
    case 2: return f.template operator()<2>();
    case 3: return f.template operator()<std::min(3, max_vectors)>();
    default: return f.template operator()<max_vectors>();
  }
}

template <class F, int... I>
[[gnu::always_inline]] inline void unroll(F&& f, std::integer_sequence<int, I...>) {
  (f(std::integral_constant<int, I>{}), ...);
}

/// A tile of R rows × V vectors. Every element is summed in the order of the calls.
template <class T, int R, int V>
struct Tile {
  static constexpr int width = V * lanes<T>;
  using All = std::make_integer_sequence<int, R * V>;

  Vector<T> sum[R * V];

  [[gnu::always_inline]] void clear() {
    unroll([&](auto i) { sum[i] = Vector<T>{}; }, All{});
  }

  /// sum[i] += a(i)·b: `a(i)` gives the scalar of row i, b a row of `width` elements.
  template <class A>
  [[gnu::always_inline]] void step(A&& a, const T* b) {
    Vector<T> right[V];
    unroll([&](auto j) { right[j] = load(b + j * lanes<T>); },
           std::make_integer_sequence<int, V>{});
    unroll([&](auto i) { add_row<i>(a(i), right, std::make_integer_sequence<int, V>{}); },
           std::make_integer_sequence<int, R>{});
  }

  /// Adds the first `columns` elements of row(i) to row i of the sums.
  template <class Row>
  [[gnu::always_inline]] void add_rows(Row&& row, Index columns) {
    if (columns >= width) {
      unroll([&](auto i) { sum[i] += load(row(i / V) + i % V * lanes<T>); }, All{});
      return;
    }
    alignas(vector_bytes) T buffer[R * width] = {};
    for (int i = 0; i < R; ++i) std::copy_n(row(i), columns, buffer + i * width);
    unroll([&](auto i) { sum[i] += load(buffer + i * lanes<T>); }, All{});
  }

  template <class Row>
  [[gnu::always_inline]] void store_rows(Row&& row, Index columns) {
    if (columns >= width) {
      unroll([&](auto i) { store(row(i / V) + i % V * lanes<T>, sum[i]); }, All{});
      return;
    }
    alignas(vector_bytes) T buffer[R * width];
    unroll([&](auto i) { store(buffer + i * lanes<T>, sum[i]); }, All{});
    for (int i = 0; i < R; ++i) std::copy_n(buffer + i * width, columns, row(i));
  }

 private:
  template <int I, int... J>
  [[gnu::always_inline]] void add_row(T a, const Vector<T> (&right)[V],
                                      std::integer_sequence<int, J...>) {
    ((sum[I * V + J] += a * right[J]), ...);
  }
};

}  // namespace robmask::ROBMASK_ISA
