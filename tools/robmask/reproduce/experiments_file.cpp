// Reads experiments.txt, whose first lines describe it.

#include <sstream>

#include "engine/check.h"
#include "tools/robmask/options/suggestion.h"
#include "tools/robmask/report/page.h"
#include "tools/robmask/reproduce/drawings.h"
#include "tools/robmask/reproduce/words.h"

namespace robmask::reproduce {
namespace {

/// The cosines of the column that the paper prints.
void add_cosines(Reading& gap, const std::string& column, const Experiment& e) {
  for (const Cell& cell : e.cells) {
    if (cell.column != column || !cell.paper) continue;
    gap.tensors.push_back(cell.reading.tensors[0]);
    gap.papers.push_back(*cell.paper);
  }
}

/// The part of a text before `mark`, and the part behind it, if it is there.
std::pair<std::string, std::string> divided(const std::string& text, std::string_view mark) {
  std::vector<std::string> parts = parts_of(text, mark);
  parts.resize(2);
  return {parts[0], parts[1]};
}

void add_row(Experiment& e, const std::vector<std::string>& parts,
             const std::vector<std::string>& columns) {
  const auto [row, row_text] = divided(parts[0], "<-");
  const auto [row_words, point] = divided(row_text, "->");
  const auto [curve, label] = divided(point, ": ");
  for (std::size_t i = 1; i < columns.size(); ++i) {
    const std::string text = i < parts.size() ? parts[i] : "";
    if (text == "/") continue;
    const auto [column, words] = divided(columns[i], "<-");
    Cell cell{row, column, reading_of(row_words, words)};
    if (cell.reading.measure == Measure::gap) add_cosines(cell.reading, column, e);
    const auto [number, note] = divided(text, "*");
    const auto [mean, std] = divided(number, "±");
    if (!mean.empty()) cell.paper = std::stod(mean);
    if (!std.empty()) cell.paper_std = std::stod(std);
    cell.note = note;
    cell.curve = curve;
    cell.label = label.empty() ? column : label;
    e.cells.push_back(cell);
  }
}

/// Takes in a line with those that go on with it.
void add_line(std::vector<Experiment>& list, const std::string& line,
              std::vector<std::string>& columns) {
  const std::vector<std::string> parts = parts_of(line, "|");
  if (line.starts_with("- ")) {
    list.back().remarks.push_back(line.substr(2));
  } else if (line.starts_with("figure ")) {
    list.back().figures.push_back({parts[0].substr(7), parts.at(1), parts.at(2)});
  } else if (parts[0] == "columns") {
    columns = parts;
  } else if (parts[0].find(" <- ") != std::string::npos) {
    add_row(list.back(), parts, columns);
  } else {
    const std::size_t colon = line.find(": ");
    list.push_back({line.substr(0, colon), line.substr(colon + 2)});
  }
}

std::vector<Experiment> read_experiments(const std::string& text) {
  std::vector<Experiment> list;
  std::vector<std::string> columns;
  std::string whole;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) || !whole.empty(); line.clear()) {
    if (line.starts_with('#')) continue;
    if (line.starts_with("  ")) {
      whole += line.substr(line.find_first_not_of(' ') - 1);
      continue;
    }
    if (!whole.empty()) add_line(list, whole, columns);
    whole = line;
  }
  for (Experiment& e : list) add_drawing(e);
  return list;
}

}  // namespace

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all = read_experiments(std::string(assets::experiments_txt));
  return all;
}

const Experiment& experiment(const std::string& name) {
  std::vector<std::string> names;
  for (const Experiment& e : experiments()) {
    if (e.name == name) return e;
    names.push_back(e.name);
  }
  throw InputError(fmt::format("reproduce: expected one of {}, got \"{}\"{}",
                               fmt::join(names, ", "), name, suggestion(name, names)));
}

}  // namespace robmask::reproduce
