#include "tools/robmask/options/option.h"

namespace robmask {

namespace {

/// Levenshtein's distance: the fewest insertions, deletions and replacements from a to b.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

void Options::flag(const std::string& name, bool& value, const std::string& help) {
  add(name, value, help).flag = true;
  list_.back().help = help;
}

const Option* Options::find(const std::string& name) const {
  const auto found =
      std::ranges::find_if(list_, [&](const Option& option) { return option.answers_to(name); });
  return found == list_.end() ? nullptr : &*found;
}

void Options::alias(const std::string& name, const std::string& other) {
  const auto found =
      std::ranges::find_if(list_, [&](const Option& option) { return option.name == name; });
  expect(found != list_.end(), "no option --{} to give another name", name);
  found->alias = other;
}

std::string Options::text_of(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "on" : "off";
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  if (!value.is_array()) return value.dump();
  std::string list;
  for (const Json& item : value) list += (list.empty() ? "" : ",") + text_of(item);
  return list;
}

std::string Options::describe(const std::string& help, const std::string& choices,
                              const std::string& shown) {
  return help + (choices.empty() ? "" : ": " + choices) + (shown.empty() ? "" : " [" + shown + "]");
}

std::string suggestion(const std::string& word, const Options& options) {
  const std::size_t far = std::max<std::size_t>(2, word.size() / 3) + 1;
  std::size_t best = far;
  std::string nearest;
  for (const Option& option : options.list()) {
    const std::size_t distance = edit_distance(word, option.name);
    if (distance < best) best = distance, nearest = option.name;
  }
  return nearest.empty() ? "" : fmt::format(" (did you mean --{}?)", nearest);
}

}  // namespace robmask
