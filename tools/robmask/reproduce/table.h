#pragma once
// An experiment's numbers, ours beside the paper's, as text.

#include "data/files/csv.h"
#include "data/files/json.h"
#include "tools/robmask/reproduce/findings.h"

namespace robmask::reproduce {

/// A cell and what became of it.
struct FilledCell {
  Cell cell;
  std::optional<Finding> ours;
  std::string why = {};  // there is no number of ours
};

/// "51.20 [46.80, 55.60]" or "94.54 ± 0.22" for accuracies, plain numbers for the rest.
std::string our_text(const FilledCell& entry);

/// The table in the paper's layout in Markdown, the paper's numbers in parentheses; then the figures,
/// each with its caption in the line below it, remarks, notes on what the paper prints, and what is
/// missing.
std::string markdown(const Experiment& experiment, const std::vector<FilledCell>& entries,
                     const Scale& scale);

/// A row a cell: row, column, ours, low, high, std, n, paper, paper_std, note, missing.
CsvTable csv(const std::vector<FilledCell>& entries);

/// Every setting: the scale, the machine, and each job's command and resolved config.json.
Json settings_json(const Experiment& experiment, const std::vector<Job>& jobs,
                   const ReproduceSettings& settings);

}  // namespace robmask::reproduce
