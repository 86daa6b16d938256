// What the paper should have shown of RobMask: one model, every mask under every strength.

#include "tools/robmask/reproduce/charts.h"
#include "tools/robmask/reproduce/experiments.h"

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

}  // namespace

Experiment grid() {
  Experiment e{
      "grid",
      "Accuracy of one RobMask model, ResNet-18 on CIFAR-10, 100 epochs, at every mask p "
      "under PGD in L∞ of every strength",
      {"The attack goes through the mask that predicts. The diagonal is Table 5's matching "
       "mask, p = ε / ε_max. The paper's row is Table 5's, if that is its mask."},
      {},
      {{"strengths.svg",
        "Accuracy under PGD at rising ε (0: clean), a curve a mask of one network. Look for the "
        "curves to cross: clean masks are ahead at small ε, robust ones at large; bars are 95 % "
        "intervals.",
        "Dashed, with crosses: RobMask in the paper's Table 5; it prints no other mask."}},
      draw_strengths};
  const Experiment table = table5();
  for (const std::string mask : grid_masks)
    for (const int strength : grid_strengths) {
      const std::string column = strength == 0 ? "ε = 0" : fmt::format("ε = {}/255", strength);
      Cell cell{"mask p = " + mask, column, through(mask, strength)};
      if (mask == "1") cell.paper = cell_of(table, "RobMask", column).paper;
      e.cells.push_back(cell);
    }
  return e;
}

}  // namespace robmask::reproduce
