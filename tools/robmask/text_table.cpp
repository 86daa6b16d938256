#include "tools/robmask/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace robmask {

namespace {

/// Letters, not bytes: those that go on with a letter of UTF-8 do not count.
std::size_t letters(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

struct Column {
  std::size_t place = 0, width = 0;
  bool numbers = true;
};

std::vector<Column> columns_of(const TextTable& table) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < table.head.size(); ++i) {
    Column column{.place = i};
    for (const auto& row : table.rows) {
      column.width = std::max(column.width, letters(row[i]));
      column.numbers &= row[i].empty() || std::isdigit(static_cast<unsigned char>(row[i][0])) != 0;
    }
    if (column.width == 0) continue;
    column.width = std::max(column.width, letters(table.head[i]));
    columns.push_back(column);
  }
  return columns;
}

std::string padded(const std::string& cell, const Column& column) {
  const std::string spaces(column.width - letters(cell), ' ');
  return column.numbers ? spaces + cell : cell + spaces;
}

std::string escaped(const std::string& cell) {
  std::string text;
  for (const char c : cell) text += c == '|' ? std::string("\\|") : std::string(1, c);
  return text;
}

}  // namespace

std::string cell_of(const Json& object, const std::string& field) {
  const Json value = object.value(field, Json());
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  return value.is_null() ? "" : value.dump();
}

std::string per_cent(const Json& share) { return fmt::format("{:.2f}", 100 * share.get<double>()); }

std::string as_text(const TextTable& table) {
  if (table.rows.empty()) return {};
  const std::vector<Column> columns = columns_of(table);
  std::string text = table.title.empty() ? "" : table.title + "\n";
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (const Column& column : columns)
      line += (line.empty() ? "" : "  ") + padded(row[column.place], column);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  };
  add(table.head);
  for (const auto& row : table.rows) add(row);
  for (const std::string& note : table.notes) text += note + "\n";
  return text;
}

std::string as_markdown(const TextTable& table) {
  if (table.rows.empty()) return {};
  const std::vector<Column> columns = columns_of(table);
  std::string text = table.title.empty() ? "" : "**" + escaped(table.title) + "**\n\n";
  const auto add = [&](const std::vector<std::string>& row) {
    for (const Column& column : columns) text += "| " + escaped(row[column.place]) + " ";
    text += "|\n";
  };
  add(table.head);
  for (const Column& column : columns) text += column.numbers ? "| ---: " : "| --- ";
  text += "|\n";
  for (const auto& row : table.rows) add(row);
  for (const std::string& note : table.notes) text += "\n" + note + "\n";
  return text;
}

}  // namespace robmask
