#include "tools/robmask/options/value.h"

#include <sstream>

namespace robmask {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::string Range::words() const {
  if (std::isfinite(low) && std::isfinite(high)) return fmt::format(", from {} to {}", low, high);
  if (std::isfinite(low)) return fmt::format(", at least {}", low);
  return {};
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  for (std::size_t end = 0; end != std::string_view::npos; text.remove_prefix(end + 1)) {
    end = text.find_first_of(",\n");
    items.emplace_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) break;
  }
  return items;
}

bool Value<std::vector<std::filesystem::path>>::read(std::string_view text,
                                                     std::vector<std::filesystem::path>& names) {
  names.clear();
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);)
    if (!Value<std::filesystem::path>::read(line, names.emplace_back())) return false;
  return !names.empty();
}

Json Value<std::vector<std::filesystem::path>>::write(
    const std::vector<std::filesystem::path>& names) {
  Json list;  // null if there are none
  for (const auto& name : names) list.push_back(name.string());
  return list;
}

bool Value<bool>::read(std::string_view text, bool& value) {
  value = text == "on" || text == "true";
  return value || text == "off" || text == "false";
}

bool Value<Strength>::read(std::string_view text, Strength& strength) {
  const auto slash = text.find('/');
  double above = 0, below = 1;
  if (!Value<double>::read(text.substr(0, slash), above)) return false;
  if (slash != std::string_view::npos && !Value<double>::read(text.substr(slash + 1), below))
    return false;
  strength = {above / below, std::string(text)};
  return below > 0 && std::isfinite(strength.value);
}

bool Value<std::optional<Strength>>::read(std::string_view text, std::optional<Strength>& value) {
  value.reset();
  return text == "eps/5" || text == "ε/5" || Value<Strength>::read(text, value.emplace());
}

}  // namespace robmask
