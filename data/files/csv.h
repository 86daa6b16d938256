#pragma once
// Comma-separated tables (RFC 4180): the log of a run, per-image results, the points of a chart.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/files/input_file.h"
#include "engine/shape.h"

namespace robmask {

using CsvRow = std::vector<std::string>;

struct CsvTable {
  CsvRow columns;
  std::vector<CsvRow> rows;

  /// The position of a column; InputError with `source` if there is none.
  std::size_t column(std::string_view name, const std::string& source) const;
  /// The number in that column of a row, nothing if the field is empty; InputError with `source`
  /// for any other text, NaN and infinity included.
  std::optional<double> number(const CsvRow& row, std::string_view name,
                               const std::string& source) const;
  /// A count in that column; InputError with `source` for anything but a whole number from 0 on.
  Index whole(const CsvRow& row, std::string_view name, const std::string& source) const;
};

/// One row without its newline; fields with commas, quotes or line breaks are quoted.
std::string csv_line(const CsvRow& fields);

/// Reads a table whose first row names the columns. A last row without its newline was torn by a
/// killed run and is left out. InputError if a row has more or fewer fields than the first.
CsvTable read_csv(const Path& path);

/// Writes a whole table, atomically.
void write_csv(const Path& path, const CsvTable& table);

/// Makes the log of a run end where it resumes: keeps, byte for byte, the rows whose "epoch" is at
/// most `last_epoch`, drops later and torn ones. A missing file stays missing.
void truncate_log(const Path& path, Index last_epoch);

}  // namespace robmask
