#include "tools/robmask/reproduce/table.h"

#include <algorithm>
#include <span>

#include "engine/version.h"

namespace robmask::reproduce {
namespace {

/// Digits behind the point of a reading, as the paper prints it.
int digits_of(const Reading& reading) {
  switch (reading.measure) {
    case Measure::accuracy: return 2;
    case Measure::seconds: return reading.of.size() == 2 ? 3 : 1;
    case Measure::cosine:
    case Measure::gap: return 4;
    default: return 0;
  }
}

std::string with_deviation(double value, const std::optional<double>& std, int digits) {
  const std::string text = fmt::format("{:.{}f}", value, digits);
  return std ? text + fmt::format(" ± {:.{}f}", *std, digits) : text;
}

/// "51.20 [46.80, 55.60] (53.96)", "94.54 ± 0.22 (94.64 ± 0.20*)", "3 of 64"
std::string text_of(const Cell& cell) {
  const int digits = digits_of(cell.reading);
  std::string text = "–";
  if (const auto& f = cell.ours) {
    text = with_deviation(f->value, f->std, digits);
    if (f->interval)
      text += fmt::format(" [{1:.{0}f}, {2:.{0}f}]", digits, (*f->interval)[0], (*f->interval)[1]);
    if (cell.reading.measure >= Measure::blocked) text += fmt::format(" of {}", f->n);
  }
  if (!cell.paper) return text;
  return fmt::format("{} ({}{})", text, with_deviation(*cell.paper, cell.paper_std, digits),
                     cell.note.empty() ? "" : "*");
}

/// Puts a cell in its place, whose row or column may be new; one that shares neither begins a
/// table.
void add_to(std::vector<Table>& tables, const Cell& cell) {
  const auto is_row = [&](const std::vector<std::string>& row) { return row[0] == cell.row; };
  if (tables.empty() || (std::ranges::none_of(tables.back(), is_row) &&
                         std::ranges::count(tables.back()[0], cell.column) == 0))
    tables.push_back({{""}});
  Table& table = tables.back();
  const auto column = std::ranges::find(table[0], cell.column) - table[0].begin();
  if (column == std::ssize(table[0])) {
    for (std::vector<std::string>& row : table) row.emplace_back();
    table[0].back() = cell.column;
  }
  if (std::ranges::none_of(table, is_row)) {
    table.emplace_back(table[0].size());
    table.back()[0] = cell.row;
  }
  (*std::ranges::find_if(table, is_row))[column] = text_of(cell);
}

std::string number(const std::optional<double>& x) { return x ? fmt::format("{:.6g}", *x) : ""; }

}  // namespace

Document document(const Experiment& e, const Scale& scale) {
  Document d{e.name + ": " + e.title,
             {fmt::format("Scale {}: {}.", scale.name, scale.summary),
              "Ours, with 95 % intervals (Wilson's; of differences Newcombe's or, over seeds, "
              "Welch's) or ± the sample standard deviation; in parentheses what the paper prints."},
             {},
             {},
             e.remarks};
  for (const Cell& cell : e.cells) add_to(d.tables, cell);
  for (const Figure& f : e.figures)
    d.figures.emplace_back(f.file, fmt::format("{} Ours: {}. {}", f.caption, scale.data, f.papers));
  for (const Cell& c : e.cells)
    if (!c.note.empty()) d.notes.push_back(fmt::format("* {}, {}: {}.", c.row, c.column, c.note));
  for (const Cell& c : e.cells)
    if (!c.missing.empty())
      d.notes.push_back(fmt::format("– {}, {}: {}.", c.row, c.column, c.missing));
  return d;
}

std::string markdown(const Document& d) {
  std::string text = "# " + d.title + "\n\n";
  for (const std::string& paragraph : d.paragraphs) text += paragraph + "\n\n";
  for (const Table& table : d.tables) {
    text += fmt::format("| | {} |\n|", fmt::join(std::span(table[0]).subspan(1), " | "));
    for (std::size_t i = 0; i < table[0].size(); ++i) text += " --- |";
    for (const auto& row : std::span(table).subspan(1))
      text += fmt::format("\n| {} |", fmt::join(row, " | "));
    text += "\n\n";
  }
  for (const auto& [file, caption] : d.figures)
    text += fmt::format("![{}]({})\n{}\n\n", Path(file).stem().string(), file, caption);
  for (const std::string& note : d.notes) text += (note[0] == '*' ? "- \\" : "- ") + note + "\n";
  return text;
}

CsvTable csv(const Experiment& e) {
  CsvTable table{
      {"row", "column", "ours", "low", "high", "std", "n", "paper", "paper_std", "note", "missing"},
      {}};
  for (const Cell& cell : e.cells) {
    const Finding f = cell.ours.value_or(Finding{});
    const bool bar = f.interval.has_value();
    table.rows.push_back({cell.row, cell.column, cell.ours ? number(f.value) : "",
                          bar ? number((*f.interval)[0]) : "", bar ? number((*f.interval)[1]) : "",
                          number(f.std), cell.ours ? std::to_string(f.n) : "", number(cell.paper),
                          number(cell.paper_std), cell.note, cell.missing});
  }
  return table;
}

Json settings_json(const Experiment& e, const std::vector<Job>& jobs,
                   const ReproduceSettings& settings) {
  Json list = Json::array();
  for (const Job& job : jobs) {
    list.push_back({{"folder", job.folder.string()}, {"command", job.command_line()}});
    if (std::filesystem::exists(job.folder / "config.json"))
      list.back()["settings"] = read_json(job.folder / "config.json");
  }
  return {{"experiment", e.name},         {"scale", to_string(settings.scale)},
          {"version", version},           {"device", settings.common.device},
          {"seed", settings.common.seed}, {"jobs", list}};
}

}  // namespace robmask::reproduce
