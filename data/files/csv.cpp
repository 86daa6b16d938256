#include "data/files/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "data/files/atomic_file.h"
#include "engine/check.h"

namespace robmask {
namespace {

/// Takes one row and its line break off `text`. False, and nothing in `fields`, if the row is torn:
/// the text ends before its line break.
bool take_row(std::string_view& text, CsvRow& fields) {
  fields.assign(1, "");
  bool inside_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char character = text[i];
    if (character == '"') {
      // Inside quotes a doubled quote stands for one.
      const bool doubled = inside_quotes && i + 1 < text.size() && text[i + 1] == '"';
      if (doubled) fields.back() += text[++i];
      if (!doubled) inside_quotes = !inside_quotes;
    } else if (inside_quotes) {
      fields.back() += character;
    } else if (character == ',') {
      fields.emplace_back();
    } else if (character == '\n') {
      text.remove_prefix(i + 1);
      return true;
    } else if (character != '\r') {
      fields.back() += character;
    }
  }
  fields.clear();
  text = {};
  return false;
}

/// All of a field as a number, if it is one.
template <class T>
std::optional<T> parsed(const std::string& field) {
  T number = 0;
  const char* end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, number);
  return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace

std::size_t CsvTable::column(std::string_view name, const std::string& source) const {
  const auto found = std::ranges::find(columns, name);
  require(found != columns.end(), "{}: expected a column named {}, got {}", source, printable(name),
          printable(csv_line(columns)));
  return static_cast<std::size_t>(found - columns.begin());
}

std::optional<double> CsvTable::number(const CsvRow& row, std::string_view name,
                                       const std::string& source) const {
  const std::string& field = row[column(name, source)];
  if (field.empty()) return {};
  const auto number = parsed<double>(field);
  require(number && std::isfinite(*number), "{}: expected a number in column {}, got {}", source,
          printable(name), printable(field));
  return number;
}

Index CsvTable::whole(const CsvRow& row, std::string_view name, const std::string& source) const {
  const std::string& field = row[column(name, source)];
  const auto number = parsed<Index>(field);
  require(number && *number >= 0, "{}: expected a whole number from 0 on in column {}, got {}",
          source, printable(name), printable(field));
  return *number;
}

std::string csv_line(const CsvRow& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != &fields.front()) line += ',';
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      line += field;
      continue;
    }
    line += '"';
    for (const char character : field) line.append(character == '"' ? 2 : 1, character);
    line += '"';
  }
  return line;
}

CsvTable read_csv(const Path& path) {
  const std::string text = read_text(path);
  std::string_view rest = text;
  CsvTable table;
  if (!take_row(rest, table.columns)) return table;
  for (CsvRow row; take_row(rest, row);) {
    require(row.size() == table.columns.size(), "{}: expected {} fields in row {}, got {}",
            path.string(), table.columns.size(), table.rows.size() + 2, row.size());
    table.rows.push_back(row);
  }
  return table;
}

void write_csv(const Path& path, const CsvTable& table) {
  AtomicFile file(path);
  file.write(csv_line(table.columns) + '\n');
  for (const CsvRow& row : table.rows) file.write(csv_line(row) + '\n');
  file.commit();
}

void truncate_log(const Path& path, Index last_epoch) {
  if (!std::filesystem::exists(path)) return;
  CsvTable log = read_csv(path);
  if (log.columns.empty()) {
    write_file(path, std::string_view());
    return;
  }
  std::erase_if(log.rows, [&](const CsvRow& row) {
    return log.whole(row, "epoch", path.string()) > last_epoch;
  });
  write_csv(path, log);
}

}  // namespace robmask
