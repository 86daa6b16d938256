#pragma once
// Shapes and element types. Letters used everywhere: N images, H rows, W columns, C channels, K a
// window's side, P = H·W pixels of an image, rows = N·H·W.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "engine/bfloat16.h"
#include "engine/check.h"

namespace robmask {

using Index = std::int64_t;

/// N·H·W·C, channels last. A matrix of n rows is {n, 1, 1, c}; a vector is {1, 1, 1, c}.
struct Shape {
  Index n = 1, h = 1, w = 1, c = 1;

  Index pixels() const { return h * w; }
  Index rows() const { return n * h * w; }
  Index count() const { return n * h * w * c; }
  Shape with_images(Index images) const { return {images, h, w, c}; }
  Shape with_channels(Index channels) const { return {n, h, w, channels}; }
  bool operator==(const Shape&) const = default;
};

inline std::string to_string(const Shape& s) {
  return fmt::format("{}x{}x{}x{}", s.n, s.h, s.w, s.c);
}

/// bf16 is storage for the GPU; i32 holds labels and image ids, i64 counters, u8 pixels.
enum class DType : std::uint8_t { f32, f64, bf16, u8, i32, i64 };

inline std::size_t size_of(DType t) {
  switch (t) {
    case DType::f64:
    case DType::i64: return 8;
    case DType::f32:
    case DType::i32: return 4;
    case DType::bf16: return 2;
    case DType::u8: return 1;
  }
  return 0;
}

inline std::string_view name_of(DType t) {
  switch (t) {
    case DType::f32: return "f32";
    case DType::f64: return "f64";
    case DType::bf16: return "bf16";
    case DType::u8: return "u8";
    case DType::i32: return "i32";
    case DType::i64: return "i64";
  }
  return "?";
}

template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::f32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::f64;
}
template <>
constexpr DType dtype_of<bf16>() {
  return DType::bf16;
}
template <>
constexpr DType dtype_of<std::uint8_t>() {
  return DType::u8;
}
template <>
constexpr DType dtype_of<std::int32_t>() {
  return DType::i32;
}
template <>
constexpr DType dtype_of<std::int64_t>() {
  return DType::i64;
}

/// What numbers stored as T are computed in, and what stands beside maps of T: statistics, sums,
/// gradients of parameters. f32 for bf16, else T itself.
template <class T>
using Real = std::conditional_t<std::is_same_v<T, bf16>, float, T>;
constexpr DType real_of(DType t) { return t == DType::bf16 ? DType::f32 : t; }

/// Calls f.template operator()<T>() with the C++ type of f32 or f64; of f32 alone in the kernels of
/// packed programs, which are smaller for it.
template <class F>
decltype(auto) dispatch(DType t, F&& f) {
#ifndef ROBMASK_F32_ONLY
  if (t == DType::f64) return f.template operator()<double>();
#endif
  expect(t == DType::f32, "expected f32 or f64, got {}", name_of(t));
  return f.template operator()<float>();
}

/// The same for the type of a map, which may be bf16 too.
template <class F>
decltype(auto) dispatch_map(DType t, F&& f) {
  return t == DType::bf16 ? f.template operator()<bf16>() : dispatch(t, f);
}

/// f.template operator()<To, From>() with the types of two maps, each T or Real<T> for one T.
template <class F>
void dispatch_maps(DType to, DType from, F&& f) {
  expect(real_of(to) == real_of(from), "a map of {} from one of {}", name_of(to), name_of(from));
  dispatch_map(to, [&]<class To>() {
    dispatch_map(from, [&]<class From>() {
      if constexpr (std::is_same_v<Real<To>, Real<From>>) f.template operator()<To, From>();
    });
  });
}

}  // namespace robmask
