#include "data/files/host_tensor.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>

namespace robmask {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian");

struct TypeRow {
  std::string_view name;
  int bits;
  std::string_view numpy = {};  // empty: NumPy has no such type
};
constexpr std::array<TypeRow, 20> types{{
    {"BOOL", 8, "|b1"}, {"F4", 4},          {"F6_E2M3", 6},     {"F6_E3M2", 6},
    {"U8", 8, "|u1"},   {"I8", 8, "|i1"},   {"F8_E5M2", 8},     {"F8_E4M3", 8},
    {"F8_E8M0", 8},     {"I16", 16, "<i2"}, {"U16", 16, "<u2"}, {"F16", 16, "<f2"},
    {"BF16", 16},       {"I32", 32, "<i4"}, {"U32", 32, "<u4"}, {"F32", 32, "<f4"},
    {"C64", 64, "<c8"}, {"F64", 64, "<f8"}, {"I64", 64, "<i8"}, {"U64", 64, "<u8"},
}};

const TypeRow& row_of(ElementType type) { return types[static_cast<std::size_t>(type)]; }

std::optional<ElementType> find_type(std::string_view TypeRow::*column, std::string_view name) {
  const auto row = std::ranges::find(types, name, column);
  if (name.empty() || row == types.end()) return std::nullopt;
  return static_cast<ElementType>(row - types.begin());
}

template <class T>
constexpr ElementType type_of = std::is_same_v<T, float>          ? ElementType::f32
                                : std::is_same_v<T, double>       ? ElementType::f64
                                : std::is_same_v<T, Index>        ? ElementType::i64
                                : std::is_same_v<T, std::int32_t> ? ElementType::i32
                                                                  : ElementType::u8;

/// The elements stored as Stored, each passed through `convert`.
template <class To, class Stored, class Convert>
std::vector<To> map_elements(const std::vector<std::byte>& data, Convert convert) {
  std::vector<To> values(data.size() / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored element;
    std::memcpy(&element, data.data() + i * sizeof element, sizeof element);
    values[i] = static_cast<To>(convert(element));
  }
  return values;
}

}  // namespace

std::string_view name_of(ElementType type) { return row_of(type).name; }
std::string_view numpy_name_of(ElementType type) { return row_of(type).numpy; }
int bits_of(ElementType type) { return row_of(type).bits; }

std::optional<ElementType> element_type(std::string_view name) {
  return find_type(&TypeRow::name, name);
}
std::optional<ElementType> numpy_type(std::string_view name) {
  return find_type(&TypeRow::numpy, name);
}

std::optional<std::uint64_t> byte_count(ElementType type, const std::vector<Index>& shape) {
  // Beside a length of 0 the others are bounded too: strides are products of some of them.
  auto bits = static_cast<Index>(bits_of(type));
  for (const Index length : shape) {
    const Index counted = std::max(length, Index{1});
    if (length < 0 || __builtin_mul_overflow(bits, counted, &bits)) return std::nullopt;
  }
  if (std::ranges::count(shape, 0) > 0) return 0;
  if (bits % 8 != 0) return std::nullopt;
  return static_cast<std::uint64_t>(bits / 8);
}

std::string to_string(const std::vector<Index>& shape) {
  constexpr std::size_t most = 32;
  if (shape.size() <= most) return fmt::format("[{}]", fmt::join(shape, ", "));
  return fmt::format("[{}, … {} in all]", fmt::join(std::span(shape).first(most), ", "),
                     shape.size());
}

Index HostTensor::count() const {
  Index elements = 1;
  for (const Index length : shape) elements *= length;
  return elements;
}

template <class T>
std::vector<T> HostTensor::to(std::string_view what) const {
  const auto as_stored = [](auto element) { return element; };
  if (type == ElementType::i64) return map_elements<T, Index>(data, as_stored);
  if constexpr (std::is_floating_point_v<T>) {
    switch (type) {
      case ElementType::f64: return map_elements<T, double>(data, as_stored);
      case ElementType::f32: return map_elements<T, float>(data, as_stored);
      case ElementType::f16: return map_elements<T, std::uint16_t>(data, from_f16);
      case ElementType::bf16: return map_elements<T, std::uint16_t>(data, from_bf16);
      default: break;
    }
  }
  throw InputError(fmt::format("{}: expected {}, got {}; convert it first", what,
                               std::is_floating_point_v<T> ? "F16, BF16, F32, F64 or I64" : "I64",
                               name_of(type)));
}

template std::vector<float> HostTensor::to(std::string_view) const;
template std::vector<double> HostTensor::to(std::string_view) const;
template std::vector<Index> HostTensor::to(std::string_view) const;

template <class T>
HostTensor host_tensor(std::vector<Index> shape, const std::vector<T>& values) {
  const auto bytes = byte_count(type_of<T>, shape);
  expect(bytes == values.size() * sizeof(T), "a tensor of shape {} made from {} values",
         to_string(shape), values.size());
  HostTensor tensor{type_of<T>, std::move(shape), std::vector<std::byte>(*bytes)};
  if (*bytes > 0) std::memcpy(tensor.data.data(), values.data(), *bytes);
  return tensor;
}

template HostTensor host_tensor(std::vector<Index>, const std::vector<float>&);
template HostTensor host_tensor(std::vector<Index>, const std::vector<double>&);
template HostTensor host_tensor(std::vector<Index>, const std::vector<Index>&);
template HostTensor host_tensor(std::vector<Index>, const std::vector<std::int32_t>&);
template HostTensor host_tensor(std::vector<Index>, const std::vector<std::uint8_t>&);

/// (-1)^s · 2^(e-15) · 1.m, subnormal 2^-14 · 0.m for e = 0; e = 31 is an infinity or no number.
double from_f16(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double value = exponent == 0   ? std::ldexp(fraction, -24)
                       : exponent < 31 ? std::ldexp(1024 + fraction, exponent - 25)
                       : fraction == 0 ? INFINITY
                                       : NAN;
  return (bits & 0x8000) ? -value : value;
}

float from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

}  // namespace robmask
