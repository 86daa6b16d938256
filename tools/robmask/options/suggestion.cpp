#include "tools/robmask/options/suggestion.h"

#include <fmt/format.h>

#include <algorithm>

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

std::string suggestion(const std::string& word, const std::vector<std::string>& names,
                       const std::string& dashes) {
  // As many mistakes as a word has letters make any word of any other.
  std::size_t best = std::min(word.size(), std::max<std::size_t>(2, word.size() / 3) + 1);
  std::string nearest;
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(word, name);
    if (distance < best) best = distance, nearest = name;
  }
  return nearest.empty() ? "" : fmt::format(" (did you mean {}{}?)", dashes, nearest);
}

}  // namespace robmask
