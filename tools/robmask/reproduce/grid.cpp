// What the paper should have shown of RobMask: one model, every mask under every strength.

#include "data/files/chart.h"
#include "tools/robmask/reproduce/experiments.h"
#include "tools/robmask/reproduce/findings.h"

namespace robmask::reproduce {

namespace {

constexpr const char* grid_masks[]{"0", "0.25", "0.5", "0.75", "1"};
constexpr int grid_strengths[]{0, 2, 4, 6, 8};  // in 1/255

/// Strength 0 is clean accuracy, as in Table 5.
Accuracy through(const std::string& mask, int strength) {
  Accuracy accuracy{.training = {.method = "robmask", .epochs = 100}, .mask = mask};
  if (strength > 0) accuracy.attack = "pgd", accuracy.eps = fmt::format("{}/255", strength);
  return accuracy;
}

bool draw_masks(const Commands& commands, const Path& folder) {
  Chart chart{"One RobMask model at five masks", "ε of the attack (1/255)", "accuracy (%)", {}};
  for (const std::string mask : grid_masks) {
    Series series{"mask p = " + mask, {}, {}};
    for (const int strength : grid_strengths)
      if (const auto ours = found(through(mask, strength), commands))
        add_point(series, strength, *ours);
    if (!series.x.empty()) chart.series.push_back(series);
  }
  return chart.series.empty() || draw_chart(chart, folder / "grid");
}

}  // namespace

Experiment grid() {
  Experiment e{
      "grid",
      "Accuracy of one RobMask model, ResNet-18 on CIFAR-10, 100 epochs, at every mask p "
      "under PGD in L∞ of every strength",
      {"The attack goes through the mask that predicts. The diagonal is Table 5's matching "
       "mask, p = ε / ε_max.",
       "grid.svg, .png and .csv: a curve a mask, bars are 95 % intervals."},
      {},
      draw_masks};
  for (const std::string mask : grid_masks)
    for (const int strength : grid_strengths)
      e.cells.push_back({"mask p = " + mask,
                         strength == 0 ? "ε = 0" : fmt::format("ε = {}/255", strength),
                         through(mask, strength)});
  return e;
}

}  // namespace robmask::reproduce
