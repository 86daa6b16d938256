#pragma once
// The pictures of experiments: ours, and as crosses what the paper prints.

#include "data/files/chart.h"
#include "tools/robmask/reproduce/commands.h"

namespace robmask::reproduce {

/// Gives an experiment that has pictures what draws them, and those figures that are
/// alike but for a name.
void add_drawing(Experiment& experiment);

/// Clean against robust accuracy as tradeoff.svg, .png and .csv: the points that are done, with
/// their intervals both ways, and the paper's beside each curve of ours.
bool draw_tradeoff(const Experiment& experiment, const Commands&, const Path& folder);
/// A table of accuracies at rising ε, a curve a row, as strengths.svg, .png and .csv, likewise.
bool draw_strengths(const Experiment& experiment, const Commands&, const Path& folder);
/// Figure 1: a panel for each tensor of the first norm.
bool draw_panels(const Experiment& experiment, const Commands& commands, const Path& folder);
/// Figure 3: curves of training, with levels where the paper's end.
bool draw_training(const Experiment& experiment, const Commands& commands, const Path& folder);
/// Figure 4: feature maps, those marked that the second mask blocks or magnifies.
bool draw_maps(const Experiment& experiment, const Commands& commands, const Path& folder);

std::vector<Figure> panel_figures(const Experiment& experiment);
std::vector<Figure> map_figures(const Experiment& experiment);

}  // namespace robmask::reproduce
