// Clean against robust accuracy in one figure: masks of one network (RobMask, Table 2's interpolation)
// beside networks that are trained anew for each point (TRADES; section 3.2).

#include "data/files/chart.h"
#include "tools/robmask/reproduce/experiments.h"
#include "tools/robmask/reproduce/findings.h"

namespace robmask::reproduce {

namespace {

struct Point {
  std::string label;
  Accuracy clean;
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
  for (const double p : {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}) {
    const std::string label = fmt::format("{}", p);
    if (p == 0) between.points.push_back({label, {.training = *tuned}});
    if (p == 1) between.points.push_back({label, {.training = adversarial}});
    if (p > 0 && p < 1)
      between.points.push_back({label, {.training = adversarial, .second = tuned, .p = p}});
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

bool draw_curves(const Commands& commands, const Path& folder) {
  Chart chart{"Clean against robust accuracy",
              "robust accuracy, PGD at 8/255 (%)",
              "clean accuracy (%)",
              {}};
  for (const Curve& curve : curves()) {
    Series series{curve.name, {}, {}};
    for (const Point& point : curve.points) {
      const auto clean = found(point.clean, commands),
                 robust = found(under_attack(point.clean), commands);
      if (!clean || !robust) continue;
      add_point(series, robust->value, *clean);
      series.x_low.push_back(low_of(*robust));
      series.x_high.push_back(high_of(*robust));
      series.labels.push_back(point.label);
    }
    if (!series.x.empty()) chart.series.push_back(series);
  }
  return chart.series.empty() || draw_chart(chart, folder / "tradeoff");
}

}  // namespace

Experiment tradeoff() {
  Experiment e{"tradeoff",
               "Clean and robust accuracy of ResNet-18 on CIFAR-10, 20 epochs, along each way to "
               "choose between them",
               {"Every point of RobMask is one network, and so is every point of Table 2's "
                "interpolation; TRADES is trained anew for each β. Bars are 95 % intervals.",
                "Seconds an epoch stand where a network is trained: the medians."},
               {},
               draw_curves};
  for (const Curve& curve : curves())
    for (const Point& point : curve.points) {
      const std::string row = curve.name + " = " + point.label;
      e.cells.push_back({row, "Clean", point.clean});
      e.cells.push_back({row, "Robust", under_attack(point.clean)});
      const bool trained = !point.clean.second && point.clean.mask == "0";
      if (trained) e.cells.push_back({row, "Seconds an epoch", EpochSeconds{point.clean.training}});
    }
  return e;
}

}  // namespace robmask::reproduce
