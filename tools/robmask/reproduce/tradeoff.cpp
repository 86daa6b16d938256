// Clean against robust accuracy in one figure: masks of one network (RobMask, Table 2's interpolation)
// beside networks that are trained anew for each point (TRADES; section 3.2).

#include "tools/robmask/reproduce/charts.h"
#include "tools/robmask/reproduce/experiments.h"

namespace robmask::reproduce {

namespace {

struct Point {
  std::string label;
  Accuracy clean;
  std::optional<double> papers_clean = {}, papers_robust = {};
};
struct Curve {
  std::string name;
  std::vector<Point> points;
};

std::vector<Curve> curves() {
  const Training adversarial{.method = "pgd"}, robmask{.method = "robmask"};
  const auto tuned = std::make_shared<const Training>(finetuned(adversarial, "standard"));
  Curve sweep{"RobMask, mask p", {}}, between{"Table 2, p", {}}, trades{"TRADES, β", {}};
  for (const char* p : {"0", "0.25", "0.5", "0.75", "1"})
    sweep.points.push_back({p, {.training = robmask, .mask = p}});
  const Experiment table = table2();
  for (const double p : {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}) {
    Point point{fmt::format("{}", p), {.training = adversarial, .second = tuned, .p = p}};
    if (p == 0) point.clean = {.training = *tuned};
    if (p == 1) point.clean = {.training = adversarial};
    const std::string row = "Adversarial training with and without standard finetuning of BN, ",
                      column = fmt::format("p = {:.1f}", p);
    point.papers_clean = cell_of(table, row + "clean", column).paper;
    point.papers_robust = cell_of(table, row + "robust", column).paper;
    between.points.push_back(point);
  }
  for (const char* beta : {"1", "3", "6"})
    trades.points.push_back(
        {beta, {.training = {.method = "trades", .options = {"--beta", beta}}}});
  return {sweep, between, trades};
}

Accuracy under_attack(Accuracy accuracy) {
  accuracy.attack = "pgd";
  accuracy.eps = "8/255";
  return accuracy;
}

std::string row_of(const Curve& curve, const Point& point) {
  return curve.name + " = " + point.label;
}

bool draw_curves(const Experiment& e, const Commands& commands, const Path& folder) {
  std::vector<TradeoffCurve> drawn;
  for (const Curve& curve : curves()) {
    TradeoffCurve& next = drawn.emplace_back(TradeoffCurve{curve.name, {}});
    for (const Point& point : curve.points)
      next.points.push_back({point.label, cell_of(e, row_of(curve, point), "Clean"),
                             cell_of(e, row_of(curve, point), "Robust")});
  }
  return draw_tradeoff("Clean against robust accuracy", drawn, commands, folder);
}

}  // namespace

Experiment tradeoff() {
  Experiment e{
      "tradeoff",
      "Clean and robust accuracy of ResNet-18 on CIFAR-10, 20 epochs, along each way to "
      "choose between them",
      {"Every point of RobMask is one network, and so is every point of Table 2's "
       "interpolation; TRADES is trained anew for each β.",
       "Seconds an epoch stand where a network is trained: the medians."},
      {},
      {{"tradeoff.svg",
        "Three ways to choose between clean and robust accuracy: the masks of one RobMask "
        "network, Table 2's way between two masks, and TRADES, trained anew for each β. A "
        "curve further up and to the right is the better one; bars are 95 % intervals.",
        "Dashed, with crosses: the paper's Table 2; it prints no such numbers of RobMask at "
        "20 epochs nor of TRADES."}},
      draw_curves};
  for (const Curve& curve : curves())
    for (const Point& point : curve.points) {
      const std::string row = row_of(curve, point);
      e.cells.push_back({row, "Clean", point.clean, point.papers_clean});
      e.cells.push_back({row, "Robust", under_attack(point.clean), point.papers_robust});
      const bool trained = !point.clean.second && point.clean.mask == "0";
      if (trained) e.cells.push_back({row, "Seconds an epoch", EpochSeconds{point.clean.training}});
    }
  return e;
}

}  // namespace robmask::reproduce
