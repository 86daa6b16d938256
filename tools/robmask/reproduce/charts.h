#pragma once
// The charts that several experiments draw: ours, and as crosses what the paper prints.

#include "tools/robmask/reproduce/findings.h"

namespace robmask::reproduce {

/// A point of a trade-off: two numbers of a table.
struct TradeoffPoint {
  std::string label;
  Cell clean, robust;
};
struct TradeoffCurve {
  std::string name;
  std::vector<TradeoffPoint> points;
  bool joined = true;  // by a line
};

/// Draws clean against robust accuracy into tradeoff.svg, .png and .csv of a folder: the points that are
/// done, with their intervals both ways, and the paper's beside each curve of ours. False if nothing
/// here can draw.
bool draw_tradeoff(const std::string& title, const std::vector<TradeoffCurve>& curves,
                   const Commands& commands, const Path& folder);

/// Draws a table of accuracies at rising ε, a curve a row, into strengths.svg, .png and .csv, in the
/// same way.
bool draw_strengths(const Experiment& experiment, const Commands& commands, const Path& folder);

}  // namespace robmask::reproduce
