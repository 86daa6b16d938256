#pragma once
// How the value of an option is read from a word, described when it is wrong, and written to JSON.
// One Value<T> a type: words() completes "expected …"; read() returns false if the word is not one;
// write() gives what read() takes back (null: not set).

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/files/json.h"
#include "training/settings.h"

namespace robmask {

/// The bounds of a number, both included.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();

  bool holds(double x) const { return low <= x && x <= high; }
  /// ", at least 1", ", from 0 to 1" or nothing.
  std::string words() const;
};

constexpr Range at_least(double low) { return {.low = low}; }
constexpr Range from_to(double low, double high) { return {.low = low, .high = high}; }

/// "4/255, 8/255" → {"4/255", "8/255"}; line breaks separate as commas do.
std::vector<std::string> split_list(std::string_view text);

template <class T>
struct Value;

template <class T>
requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) struct Value<T> {
  static std::string words() { return std::is_integral_v<T> ? "a whole number" : "a number"; }
  static bool read(std::string_view text, T& value) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end && std::isfinite(static_cast<double>(value));
  }
  static Json write(const T& value) { return value; }
};

template <>
struct Value<bool> {
  static std::string words() { return "on or off"; }
  static bool read(std::string_view text, bool& value);
  static Json write(bool value) { return value; }
};

template <>
struct Value<std::string> {
  static std::string words() { return "some text"; }
  static bool read(std::string_view text, std::string& value) {
    value = text;
    return !text.empty();
  }
  static Json write(const std::string& value) { return value.empty() ? Json() : Json(value); }
};

/// "8/255" or "0.031"; computed in double.
template <>
struct Value<Strength> {
  static std::string words() { return "a number or a fraction such as 8/255"; }
  static bool read(std::string_view text, Strength& value);
  static Json write(const Strength& value) { return value.text; }
};

/// A step size: empty is "eps/5".
template <>
struct Value<std::optional<Strength>> {
  static std::string words() { return "eps/5, a number or a fraction such as 2/255"; }
  static bool read(std::string_view text, std::optional<Strength>& value);
  static Json write(const std::optional<Strength>& v) { return v ? v->text : "eps/5"; }
};

template <Choice E>
struct Value<E> {
  static std::string words() {
    std::string all;
    for (const auto& entry : names(E{})) all += (all.empty() ? "" : ", ") + std::string(entry.name);
    return all;
  }
  static bool read(std::string_view text, E& value) {
    for (const auto& entry : names(E{}))
      if (entry.name == text) return value = entry.value, true;
    return false;
  }
  static Json write(E value) { return to_string(value); }
};

template <class T>
struct Value<std::optional<T>> {
  static std::string words() { return Value<T>::words(); }
  static bool read(std::string_view text, std::optional<T>& value) {
    return Value<T>::read(text, value.emplace());
  }
  static Json write(const std::optional<T>& v) { return v ? Value<T>::write(*v) : Json(); }
};

template <class T>
struct Value<std::vector<T>> {
  static std::string words() { return "a list, each " + Value<T>::words(); }
  static bool read(std::string_view text, std::vector<T>& values) {
    values.clear();
    for (const std::string& item : split_list(text))
      if (!Value<T>::read(item, values.emplace_back())) return false;
    return true;
  }
  static Json write(const std::vector<T>& values) {
    Json list;  // null if there are none
    for (const T& v : values) list.push_back(Value<T>::write(v));
    return list;
  }
};

template <>
struct Value<std::filesystem::path> {
  static std::string words() { return "the name of a file"; }
  static bool read(std::string_view text, std::filesystem::path& name) {
    name = text;
    return !text.empty();
  }
  static Json write(const std::filesystem::path& name) {
    return Value<std::string>::write(name.string());
  }
};

/// Names of files, which may have commas: a line each, as the words of a command line are joined.
template <>
struct Value<std::vector<std::filesystem::path>> {
  static std::string words() { return "names of files"; }
  static bool read(std::string_view text, std::vector<std::filesystem::path>& names);
  static Json write(const std::vector<std::filesystem::path>& names);
};

/// Is every number of a value within the range?
template <class T>
bool in_range(const Range& range, const T& value) {
  if constexpr (std::is_arithmetic_v<T>)
    return range.holds(static_cast<double>(value));
  else if constexpr (std::is_same_v<T, Strength>)
    return range.holds(value.value);
  else if constexpr (requires { value.has_value(); })
    return !value || in_range(range, *value);
  else if constexpr (requires { value.front(); } && !std::is_same_v<T, std::string>)
    return std::ranges::all_of(value, [&](const auto& v) { return in_range(range, v); });
  else
    return true;
}

}  // namespace robmask
