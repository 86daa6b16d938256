#pragma once
// The results of an evaluation as they are printed without --json.

#include <string>

#include "data/files/json.h"
#include "engine/choice.h"

namespace robmask {

/// How results are printed.
enum class Format { text, markdown, csv };
constexpr auto names(Format) {
  using enum Format;
  return std::to_array<Named<Format>>({{text, "text"}, {markdown, "markdown"}, {csv, "csv"}});
}

/// A report {"results", "worst_case", "corruptions", …} as evaluate prints it with --json. As text
/// or Markdown, tables: the accuracies, with the clean one once for each mask; paired tests; with
/// `per_class` the classes of each result; corruptions. As CSV a row for each of "results" under a
/// header: accuracies and the ends of their intervals are fractions, eps_value is eps in pixel
/// units, and what an attack has not is empty.
std::string result_text(const Json& report, Format format, bool per_class);

}  // namespace robmask
