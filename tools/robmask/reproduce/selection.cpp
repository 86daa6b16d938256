#include "tools/robmask/reproduce/selection.h"

#include <algorithm>

#include "engine/check.h"

namespace robmask::reproduce {

Selection::Selection(const std::vector<Experiment>& experiments,
                     const std::vector<std::string>& only)
    : all_(only.empty()) {
  std::vector<std::string> there;
  for (const Experiment& e : experiments)
    for (const Cell& cell : e.cells) there.push_back(cell.name());
  for (const std::string& word : only) {
    const bool whole = std::ranges::count(there, word) > 0;
    (whole ? names_ : parts_).push_back(word);
    const auto fits = [&](const std::string& name) { return name.find(word) != std::string::npos; };
    require(std::ranges::any_of(there, fits), "--only: expected (a part of) one of {}, got \"{}\"",
            fmt::join(there, ", "), word);
  }
}

bool Selection::asks_for(const Cell& cell) const {
  const std::string name = cell.name();
  return all_ || std::ranges::count(names_, name) > 0 ||
         std::ranges::any_of(
             parts_, [&](const std::string& part) { return name.find(part) != std::string::npos; });
}

bool Selection::asks_for(const Experiment& e) const {
  return std::ranges::any_of(e.cells, [&](const Cell& cell) { return asks_for(cell); });
}

}  // namespace robmask::reproduce
