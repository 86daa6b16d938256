#include "tools/robmask/reproduce/experiment.h"

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

Training finetuned(const Training& base, const std::string& method, const std::string& tune) {
  Training training = base;
  training.method = method;
  training.options = {"--tune", tune};
  training.base = std::make_shared<const Training>(base);
  return training;
}

const Cell& cell_of(const Experiment& e, const std::string& row, const std::string& column) {
  for (const Cell& cell : e.cells)
    if (cell.row == row && cell.column == column) return cell;
  throw RunError(fmt::format("{} has no cell {}, {}", e.name, row, column));
}

std::string Cell::name() const { return slug(row) + "." + slug(column); }

void select(std::vector<Experiment>& experiments, const std::vector<std::string>& only) {
  if (only.empty()) return;
  std::vector<std::string> names;
  for (Experiment& e : experiments)
    for (Cell& cell : e.cells) {
      names.push_back(cell.name());
      cell.asked = false;
    }
  for (const std::string& word : only) {
    const bool whole = std::ranges::count(names, word) > 0;
    bool fits_some = false;
    for (Experiment& e : experiments)
      for (Cell& cell : e.cells)
        if (whole ? cell.name() == word : has_part(cell.name(), word))
          cell.asked = fits_some = true;
    require(fits_some, "--only: expected (a part of) one of {}, got \"{}\"", fmt::join(names, ", "),
            word);
  }
  std::erase_if(experiments,
                [](const Experiment& e) { return std::ranges::none_of(e.cells, &Cell::asked); });
}

std::string slug(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const bool upper = 'A' <= c && c <= 'Z';
    const bool kept = upper || ('a' <= c && c <= 'z') || ('0' <= c && c <= '9') || c == '.';
    if (kept)
      result += static_cast<char>(upper ? c - 'A' + 'a' : c);
    else if (!result.empty() && result.back() != '-')
      result += '-';
  }
  while (result.ends_with('-')) result.pop_back();
  return result;
}

}  // namespace robmask::reproduce
