#pragma once
// Reading what a weights file says of itself, in which every word may be wrong.

#include <charconv>
#include <string>
#include <vector>

#include "data/files/safetensors.h"
#include "engine/choice.h"

namespace robmask {

/// Values by their key, or `otherwise` where the file does not say it. InputError names the file
/// and the key of a value that is not what was expected.
class Metadata {
 public:
  /// `file` must outlive this.
  explicit Metadata(const SafeTensors& file) : file_(file) {}

  std::string text(const std::string& key, const std::string& otherwise) const;

  template <Choice E>
  E choice(const std::string& key, E otherwise) const {
    const std::string* found = find(key);
    if (found == nullptr) return otherwise;
    std::vector<std::string_view> words;
    for (const auto& entry : names(E{})) {
      if (entry.name == *found) return entry.value;
      words.push_back(entry.name);
    }
    refuse(key, fmt::format("one of {}", fmt::join(words, ", ")));
  }

  /// A number from 0 on.
  template <class T>
  T whole(const std::string& key, T otherwise) const {
    const std::string* found = find(key);
    if (found == nullptr) return otherwise;
    T v = 0;
    const char* last = found->data() + found->size();
    const auto [end, error] = std::from_chars(found->data(), last, v);
    if (error != std::errc() || end != last || v < T{0}) refuse(key, "a whole number");
    return v;
  }

  /// A list of `count` numbers from `low` to `high`; empty where the file does not say it.
  std::vector<double> numbers(const std::string& key, Index count, double low, double high) const;

  /// A JSON list of different names; empty where the file does not say it.
  std::vector<std::string> names_in(const std::string& key) const;

  [[noreturn]] void refuse(const std::string& key, const std::string& expected) const;

 private:
  const std::string* find(const std::string& key) const;

  const SafeTensors& file_;
};

}  // namespace robmask
