#pragma once
// The widest vectors of the instruction set this file is compiled for.

#include <type_traits>

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

/// A lanes × lanes block in place: element j of row i changes places with element i of row j.
/// log₂(lanes) rounds, each of which swaps the off-diagonal quarters of blocks of 2·h.
template <class T>
inline void transpose(Vector<T> (&rows)[lanes<T>]) {
  constexpr int n = lanes<T>;
  using Lane = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  for (int h = n / 2; h >= 1; h /= 2) {
    Vector<Lane> low, high;
    for (int i = 0; i < n; ++i) {
      low[i] = i & h ? n + i - h : i;
      high[i] = i & h ? n + i : i + h;
    }
    for (int i = 0; i < n; ++i) {
      if (i & h) continue;
      const Vector<T> a = rows[i], b = rows[i + h];
      rows[i] = __builtin_shuffle(a, b, low);
      rows[i + h] = __builtin_shuffle(a, b, high);
    }
  }
}

}  // namespace robmask::ROBMASK_ISA
