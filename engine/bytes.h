#pragma once
// Numbers, and structs of numbers, as the bytes of a message between processes of one program.

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace robmask {

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// What bytes_of() made bytes of.
template <class T>
std::vector<T> from_bytes(std::string_view bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

}  // namespace robmask
