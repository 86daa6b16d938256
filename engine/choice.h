#pragma once
// Words for the values of an enum, one table beside each: how options, metadata and results spell
// them.

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include "engine/check.h"

namespace robmask {

template <class E>
struct Named {
  E value;
  std::string_view name;
};

/// An enum with a table of names: `constexpr auto names(E)` beside it gives an array of Named<E>.
template <class E>
concept Choice = requires(E e) {
  names(e);
};

template <Choice E>
std::string to_string(E value) {
  for (const auto& entry : names(value))
    if (entry.value == value) return std::string(entry.name);
  throw std::logic_error("an enum value without a name");
}

/// The value of that name. InputError lists the names there are.
template <Choice E>
E from_string(std::string_view text) {
  std::string all;
  for (const auto& entry : names(E{})) {
    if (entry.name == text) return entry.value;
    all += (all.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw InputError(fmt::format("expected one of {}, got \"{}\"", all, text));
}

}  // namespace robmask
