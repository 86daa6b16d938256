#pragma once
// The widest vectors of the instruction set this file is compiled for.

#include <type_traits>
#include <utility>

#include "engine/shape.h"

#ifndef ROBMASK_ISA
#define ROBMASK_ISA generic
#endif

namespace robmask::ROBMASK_ISA {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64, vector_registers = 32;
#elif defined(__AVX2__)
inline constexpr int vector_bytes = 32, vector_registers = 16;
#else
inline constexpr int vector_bytes = 16, vector_registers = 16;
#endif

template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(vector_bytes)));
};
template <class T>
using Vector = typename VectorOf<T>::type;

/// Elements of a vector.
template <class T>
inline constexpr int lanes = vector_bytes / static_cast<int>(sizeof(T));

template <class T>
[[gnu::always_inline]] inline Vector<T> load(const T* from) {
  Vector<T> v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

template <class T>
[[gnu::always_inline]] inline void store(T* to, Vector<T> v) {
  __builtin_memcpy(to, &v, sizeof v);
}

/// The first `count` elements of a vector, and zeros.
template <class T>
[[gnu::always_inline]] inline Vector<T> load_some(const T* from, Index count) {
  if (count >= lanes<T>) return load(from);
  Vector<T> v{};
  for (Index i = 0; i < count; ++i) v[i] = from[i];
  return v;
}

/// Stores the first `count` elements of a vector.
template <class T>
[[gnu::always_inline]] inline void store_some(T* to, Vector<T> v, Index count) {
  if (count >= lanes<T>) return store(to, v);
  for (Index i = 0; i < count; ++i) to[i] = v[i];
}

/// One round of a transposition: swaps the off-diagonal quarters of blocks of 2·h. The choice of
/// lanes is a constant, or it would be worked out anew for each shuffle.
template <class T, int h, int... lane>
inline void swap_quarters(Vector<T> (&rows)[lanes<T>], std::integer_sequence<int, lane...>) {
  constexpr int n = lanes<T>;
  using Lane = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  for (int i = 0; i < n; ++i) {
    if (i & h) continue;
    const Vector<T> a = rows[i], b = rows[i + h];
    rows[i] = __builtin_shuffle(a, b, Vector<Lane>{(lane & h ? n + lane - h : lane)...});
    rows[i + h] = __builtin_shuffle(a, b, Vector<Lane>{(lane & h ? n + lane : lane + h)...});
  }
}

/// A lanes × lanes block in place: element j of row i changes places with element i of row j.
/// log₂(lanes) rounds.
template <class T, int h = lanes<T> / 2>
inline void transpose(Vector<T> (&rows)[lanes<T>]) {
  swap_quarters<T, h>(rows, std::make_integer_sequence<int, lanes<T>>{});
  if constexpr (h > 1) transpose<T, h / 2>(rows);
}

}  // namespace robmask::ROBMASK_ISA
