#include "training/metadata.h"

#include <algorithm>
#include <set>

#include "data/files/json.h"

namespace robmask {

const std::string* Metadata::find(const std::string& key) const {
  const auto at = file_.metadata.find(key);
  return at == file_.metadata.end() ? nullptr : &at->second;
}

void Metadata::refuse(const std::string& key, const std::string& expected) const {
  const std::string* found = find(key);
  throw InputError(fmt::format("{}: metadata \"{}\": expected {}, got {}", file_.source, key,
                               expected, found == nullptr ? "none" : printable(*found)));
}

std::string Metadata::text(const std::string& key, const std::string& otherwise) const {
  const std::string* found = find(key);
  if (found == nullptr) return otherwise;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  if (std::ranges::any_of(*found, is_control)) refuse(key, "one line of text");
  return *found;
}

std::vector<double> Metadata::numbers(const std::string& key, Index count, double low,
                                      double high) const {
  const std::string* found = find(key);
  if (found == nullptr) return {};
  std::vector<double> values;
  const char *p = found->data(), *last = p + found->size();
  bool fit = true;
  while (fit && p < last) {
    const auto [end, error] = std::from_chars(p, last, values.emplace_back());
    fit = error == std::errc() && (end == last || *end == ',') && low <= values.back() &&
          values.back() <= high;
    p = end + (end < last);
  }
  if (!fit || std::ssize(values) != count)
    refuse(key, fmt::format("{} number(s) from {} to {}", count, low, high));
  return values;
}

std::vector<std::string> Metadata::names_in(const std::string& key) const {
  const std::string* found = find(key);
  if (found == nullptr) return {};
  const Json json = parse_json(*found, fmt::format("{}: metadata \"{}\"", file_.source, key));
  std::vector<std::string> names;
  for (const Json& name : json)
    if (name.is_string()) names.push_back(name);
  const std::set<std::string> different(names.begin(), names.end());
  if (!json.is_array() || json.size() != different.size())
    refuse(key, "a JSON list of different names");
  return names;
}

}  // namespace robmask
