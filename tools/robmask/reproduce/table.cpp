#include "tools/robmask/reproduce/table.h"

#include <algorithm>
#include <map>

#include "engine/version.h"

namespace robmask::reproduce {

namespace {

/// Digits behind the point of a reading, as the paper prints it.
int digits_of(const Reading& reading) {
  struct Visitor {
    int operator()(const Accuracy&) const { return 2; }
    int operator()(const Difference&) const { return 2; }
    int operator()(const Cosine&) const { return 4; }
    int operator()(const MeanGap&) const { return 4; }
    int operator()(const Parameters&) const { return 0; }
    int operator()(const EpochSeconds&) const { return 1; }
    int operator()(const EpochRatio&) const { return 3; }
    int operator()(const MaskedMaps&) const { return 0; }
  };
  return std::visit(Visitor{}, reading);
}

std::string paper_text(const Cell& cell) {
  if (!cell.paper) return "";
  const int digits = digits_of(cell.reading);
  std::string text = fmt::format("{:.{}f}", *cell.paper, digits);
  if (cell.paper_std) text += fmt::format(" ± {:.{}f}", *cell.paper_std, digits);
  return " (" + text + (cell.note.empty() ? "" : "*") + ")";
}

/// Rows and columns in the order in which they first come up.
std::vector<std::string> distinct(const std::vector<FilledCell>& entries, std::string Cell::*name) {
  std::vector<std::string> names;
  for (const FilledCell& e : entries)
    if (std::ranges::count(names, e.cell.*name) == 0) names.push_back(e.cell.*name);
  return names;
}

/// The cells of one table after those of another: a row that shares no column with the rows before it
/// begins a table.
std::vector<std::vector<FilledCell>> tables_of(const std::vector<FilledCell>& entries) {
  std::vector<std::vector<FilledCell>> tables;
  for (const FilledCell& entry : entries) {
    const auto shared = [&](const FilledCell& e) {
      return e.cell.row == entry.cell.row || e.cell.column == entry.cell.column;
    };
    if (tables.empty() || std::ranges::none_of(tables.back(), shared)) tables.emplace_back();
    tables.back().push_back(entry);
  }
  return tables;
}

std::string grid_text(const std::vector<FilledCell>& entries) {
  std::map<std::pair<std::string, std::string>, std::string> text;
  for (const FilledCell& e : entries)
    text[{e.cell.row, e.cell.column}] = our_text(e) + paper_text(e.cell);
  const std::vector<std::string> columns = distinct(entries, &Cell::column);
  std::string table = fmt::format("| | {} |\n|", fmt::join(columns, " | "));
  for (std::size_t i = 0; i <= columns.size(); ++i) table += " --- |";
  table += '\n';
  for (const std::string& row : distinct(entries, &Cell::row)) {
    table += "| " + row + " |";
    for (const std::string& column : columns) table += " " + text[{row, column}] + " |";
    table += '\n';
  }
  return table;
}

/// A picture in one line, its caption in the next.
std::string figure_text(const Figure& figure, const Scale& scale) {
  return fmt::format("![{}]({})\n{} Ours: {}. {}\n\n", Path(figure.file).stem().string(),
                     figure.file, figure.caption, scale.data, figure.papers);
}

std::string optional_number(const std::optional<double>& x) {
  return x ? fmt::format("{:.6g}", *x) : "";
}

}  // namespace

std::string our_text(const FilledCell& entry) {
  if (!entry.ours) return "–";
  const Finding& f = *entry.ours;
  const int digits = digits_of(entry.cell.reading);
  std::string text = fmt::format("{:.{}f}", f.value, digits);
  if (f.std) text += fmt::format(" ± {:.{}f}", *f.std, digits);
  if (f.interval)
    text += fmt::format(" [{:.{}f}, {:.{}f}]", (*f.interval)[0], digits, (*f.interval)[1], digits);
  if (std::holds_alternative<MaskedMaps>(entry.cell.reading)) text += fmt::format(" of {}", f.n);
  return text;
}

std::string markdown(const Experiment& experiment, const std::vector<FilledCell>& entries,
                     const Scale& scale) {
  std::string text = fmt::format(
      "# {}: {}\n\nScale {}: {}.\n\nOurs, with 95 % intervals (Wilson's; of differences Newcombe's "
      "or, over seeds, Welch's) or ± the sample standard deviation; in parentheses what the paper "
      "prints.\n\n",
      experiment.name, experiment.title, scale.name, scale.summary);
  for (const std::vector<FilledCell>& table : tables_of(entries)) text += grid_text(table) + "\n";
  for (const Figure& figure : experiment.figures) text += figure_text(figure, scale);
  for (const std::string& remark : experiment.remarks) text += "- " + remark + "\n";
  for (const FilledCell& e : entries)
    if (!e.cell.note.empty())
      text += fmt::format("- \\* {}, {}: {}.\n", e.cell.row, e.cell.column, e.cell.note);
  for (const FilledCell& e : entries)
    if (!e.why.empty()) text += fmt::format("- – {}, {}: {}.\n", e.cell.row, e.cell.column, e.why);
  return text;
}

CsvTable csv(const std::vector<FilledCell>& entries) {
  CsvTable table{
      {"row", "column", "ours", "low", "high", "std", "n", "paper", "paper_std", "note", "missing"},
      {}};
  for (const FilledCell& e : entries) {
    const Finding f = e.ours.value_or(Finding{});
    table.rows.push_back({e.cell.row, e.cell.column, e.ours ? fmt::format("{:.6g}", f.value) : "",
                          f.interval ? fmt::format("{:.6g}", (*f.interval)[0]) : "",
                          f.interval ? fmt::format("{:.6g}", (*f.interval)[1]) : "",
                          optional_number(f.std), e.ours ? std::to_string(f.n) : "",
                          optional_number(e.cell.paper), optional_number(e.cell.paper_std),
                          e.cell.note, e.why});
  }
  return table;
}

Json settings_json(const Experiment& experiment, const std::vector<Job>& jobs,
                   const ReproduceSettings& settings) {
  Json list = Json::array();
  for (const Job& job : jobs) {
    list.push_back({{"folder", job.folder.string()}, {"command", job.command_line()}});
    if (std::filesystem::exists(job.folder / "config.json"))
      list.back()["settings"] = read_json(job.folder / "config.json");
  }
  return {{"experiment", experiment.name},
          {"scale", to_string(settings.scale)},
          {"version", version},
          {"device", settings.common.device},
          {"seed", settings.common.seed},
          {"jobs", list}};
}

}  // namespace robmask::reproduce
