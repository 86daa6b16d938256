#pragma once
// An experiment's numbers, ours beside the paper's, as text.

#include "data/files/csv.h"
#include "data/files/json.h"
#include "tools/robmask/reproduce/commands.h"

namespace robmask::reproduce {

/// Rows of texts, the first text of which is the row's name; the first row names the columns.
using Table = std::vector<std::vector<std::string>>;

/// What a reader is shown of an experiment, in any format and in this order.
struct Document {
  std::string title;
  std::vector<std::string> paragraphs;
  std::vector<Table> tables;  // in the paper's layout, its numbers in parentheses behind ours
  std::vector<std::pair<std::string, std::string>> figures;  // file, caption
  std::vector<std::string> notes;  // remarks, what the paper prints (with a star), what is missing
};
Document document(const Experiment& experiment, const Scale& scale);

/// A picture's caption stands in the line below it.
std::string markdown(const Document& document);

/// The page to look at, one self-contained HTML: the section of `experiment`, with the pictures
/// that lie in out/experiment, and those that the page in `out` has of other experiments whose
/// tables are there, in the paper's order.
std::string index_page(const Path& out, const std::string& experiment, const Document& document);

/// A row a cell: row, column, ours, low, high, std, n, paper, paper_std, note, missing.
CsvTable csv(const Experiment& experiment);

/// Every setting: the scale, the machine, and each job's command and resolved config.json.
Json settings_json(const Experiment& experiment, const std::vector<Job>& jobs,
                   const ReproduceSettings& settings);

}  // namespace robmask::reproduce
