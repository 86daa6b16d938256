// Table 1: batch norm alone trades clean for robust accuracy (section 3.1).

#include "tools/robmask/reproduce/charts.h"
#include "tools/robmask/reproduce/experiments.h"

namespace robmask::reproduce {

namespace {

const struct {
  const char *title, *name;
} parts[]{
    {"γ", "gamma"}, {"β", "beta"}, {"statistics", "stats"}, {"γ and statistics", "gamma,stats"}};

std::string part_row(const std::string& part) {
  return "Adversarial, then standard finetuning of " + part;
}

bool draw_table1(const Experiment& e, const Commands& commands, const Path& folder) {
  const auto point = [&](const std::string& label, const std::string& row) {
    return TradeoffPoint{label, cell_of(e, row, "Clean"), cell_of(e, row, "Robust")};
  };
  TradeoffCurve of_parts{"adversarial, then standard finetuning of a part", {}, false};
  for (const auto& [title, name] : parts) of_parts.points.push_back(point(title, part_row(name)));
  return draw_tradeoff("Finetuning of batch norm only",
                       {{"standard, then adversarial finetuning",
                         {point("before", "Standard training"),
                          point("after", "Standard, then adversarial finetuning of BN")}},
                        {"adversarial, then standard finetuning",
                         {point("before", "Adversarial training"), point("after", part_row("BN"))}},
                        of_parts},
                       commands, folder);
}

}  // namespace

Experiment table1() {
  const Training standard{.method = "standard"}, adversarial{.method = "pgd"};
  Experiment e{
      "table1",
      "ResNet-18 on CIFAR-10 before and after finetuning of batch norm only",
      {"The paper states neither epochs nor how batch norm was finetuned: 20 epochs at rate "
       "0.1 on a cosine for both, and γ, β and running statistics are tuned.",
       "The rows without the paper's numbers tune a part of batch norm: \"normalization only "
       "has marginal influence\" (section 1).",
       "Robust accuracy: PGD at ε = 8/255 in L∞, step ε/5, random start."},
      {},
      {{"tradeoff.svg",
        "Clean against robust accuracy before and after finetuning of batch norm only. A line is "
        "one set of convolutions: finetuning carries it from one end of the trade-off towards the "
        "other. Triangles tune a part of batch norm; bars are 95 % intervals.",
        "Crosses: the paper's Table 1, which tunes no parts."}},
      draw_table1};
  const auto row = [&](const std::string& name, const Training& training,
                       std::optional<double> clean = {}, std::optional<double> robust = {}) {
    const Accuracy attacked{.training = training, .attack = "pgd", .eps = "8/255"};
    e.cells.push_back({name, "Clean", Accuracy{.training = training}, clean});
    e.cells.push_back({name, "Robust", attacked, robust});
  };
  row("Standard training", standard, 91.97, 0.0);
  row("Standard, then adversarial finetuning of BN", finetuned(standard, "pgd"), 53.96, 26.51);
  row("Adversarial training", adversarial, 78.47, 48.67);
  row(part_row("BN"), finetuned(adversarial, "standard"), 86.96, 5.83);
  for (const auto& [title, part] : parts)
    row(part_row(part), finetuned(adversarial, "standard", part));
  return e;
}

}  // namespace robmask::reproduce
