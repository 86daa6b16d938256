#pragma once
// A tensor in a file or on its way there: plain bytes in host memory, row-major, little-endian, of
// any shape and of any element type that safetensors knows.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/shape.h"

namespace robmask {

/// safetensors' dtypes, under its names in lower case.
enum class ElementType : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64
};

/// "F32", "BOOL", …
std::string_view name_of(ElementType type);
/// The type of that name, if there is one.
std::optional<ElementType> element_type(std::string_view name);
/// NumPy's names for the same: "<f4", "|b1", …; empty for a type that it does not have.
std::string_view numpy_name_of(ElementType type);
std::optional<ElementType> numpy_type(std::string_view name);
/// Bits of one element (F4 and F6 pack several into a byte).
int bits_of(ElementType type);

/// Bytes of a packed tensor; nothing if the product of the lengths that are not 0 overflows, a
/// length is negative, or the bits do not fill whole bytes.
std::optional<std::uint64_t> byte_count(ElementType type, const std::vector<Index>& shape);

/// "[64, 3, 3, 3]"; of very many lengths the first ones.
std::string to_string(const std::vector<Index>& shape);

struct HostTensor {
  ElementType type = ElementType::f32;
  std::vector<Index> shape;  // empty: one number
  std::vector<std::byte> data;

  /// Elements.
  Index count() const;
  /// The elements as float or double (from F16, BF16, F32, F64, I64; exact except F64 and I64 to
  /// float and I64 beyond 2^53 to double) or as Index (from I64). InputError for any other type,
  /// with `what` as the tensor's name.
  template <class T>
  std::vector<T> to(std::string_view what = "a tensor") const;

  bool operator==(const HostTensor&) const = default;
};

/// The tensor of `values` (float, double, Index, std::int32_t, std::uint8_t) in its own type.
template <class T>
HostTensor host_tensor(std::vector<Index> shape, const std::vector<T>& values);

/// The numbers behind the bits of F16 (IEEE 754 binary16) and BF16 (the upper half of a float).
double from_f16(std::uint16_t bits);
float from_bf16(std::uint16_t bits);

}  // namespace robmask
