#pragma once
// The results of an evaluation as text.

#include <string>

#include "data/files/json.h"

namespace robmask {

/// An entry of "results": one line, one more for each stage of an ensemble and each result that it is
/// paired with.
std::string result_text(const Json& result);
/// A line for each entry of "worst_case".
std::string worst_case_text(const Json& worst_cases);
/// Mask × ε, a table for each attack; nothing unless there are several masks and several ε.
std::string grid_text(const Json& results);
/// A table of classes for each result.
std::string per_class_text(const Json& results);
/// Corruption × severity, a table for each entry of "corruptions".
std::string corruptions_text(const Json& corruptions);

}  // namespace robmask
