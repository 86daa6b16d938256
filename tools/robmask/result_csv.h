#pragma once
// The results of an evaluation for other programs: a row each.

#include <string>

#include "data/files/json.h"

namespace robmask {

/// Each of report["results"] as a row under a header: accuracies and the ends of their intervals
/// are fractions, eps_value is eps in pixel units, and what an attack has not is empty.
std::string result_csv(const Json& report);

}  // namespace robmask
