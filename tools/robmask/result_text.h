#pragma once
// The results of an evaluation as they are printed without --json.

#include <string>

#include "data/files/json.h"
#include "training/choices.h"

namespace robmask {

/// A report {"results", "worst_case", "corruptions", …} as evaluate prints it with --json. As text or
/// Markdown, tables: the accuracies, with the clean one once for each mask; paired tests; with `per_class`
/// the classes of each result; corruptions. As CSV a row for each of "results" under a header, accuracies
/// and the ends of their intervals as fractions.
std::string result_text(const Json& report, Format format, bool per_class);

}  // namespace robmask
