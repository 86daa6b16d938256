#pragma once
// A chart in gnuplot's language.

#include "data/files/chart.h"

namespace robmask {

/// What draws the chart, all but its terminal.
std::string chart_script(const Chart& chart);

}  // namespace robmask
