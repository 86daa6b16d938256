#pragma once
// How long the rungs of a ladder take.

#include "tools/ladder/ladder.h"

namespace robmask::ladder {

/// In each round: seconds of a run of every rung, and of a unit of work at the peak.
struct Times {
  std::vector<double> peak;
  std::vector<std::vector<double>> rungs;
};

Times measure(const Ladder& ladder, int rounds);

/// A table in Markdown; `errors` of all rungs beside the first one.
void print_times(const Ladder& ladder, const Times& times, const std::vector<double>& errors);

}  // namespace robmask::ladder
