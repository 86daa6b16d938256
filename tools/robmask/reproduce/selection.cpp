#include "tools/robmask/reproduce/selection.h"

#include <algorithm>

#include "engine/check.h"

namespace robmask::reproduce {

namespace {

/// Whether `name` has that part, and a number in it is not cut: cifar-10 is no part of cifar-100.
bool has_part(const std::string& name, const std::string& part) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  for (std::size_t at = 0; (at = name.find(part, at)) != std::string::npos; ++at) {
    const std::size_t end = at + part.size();
    if (part.empty() || end == name.size() || !digit(part.back()) || !digit(name[end])) return true;
  }
  return false;
}

}  // namespace

Selection::Selection(const std::vector<Experiment>& experiments,
                     const std::vector<std::string>& only)
    : all_(only.empty()) {
  std::vector<std::string> there;
  for (const Experiment& e : experiments)
    for (const Cell& cell : e.cells) there.push_back(cell.name());
  for (const std::string& word : only) {
    const bool whole = std::ranges::count(there, word) > 0;
    (whole ? names_ : parts_).push_back(word);
    const auto fits = [&](const std::string& name) { return has_part(name, word); };
    require(std::ranges::any_of(there, fits), "--only: expected (a part of) one of {}, got \"{}\"",
            fmt::join(there, ", "), word);
  }
}

bool Selection::asks_for(const Cell& cell) const {
  const std::string name = cell.name();
  return all_ || std::ranges::count(names_, name) > 0 ||
         std::ranges::any_of(parts_, [&](const std::string& part) { return has_part(name, part); });
}

bool Selection::asks_for(const Experiment& e) const {
  return std::ranges::any_of(e.cells, [&](const Cell& cell) { return asks_for(cell); });
}

}  // namespace robmask::reproduce
