// Table 1: batch norm alone trades clean for robust accuracy (section 3.1).

#include "tools/robmask/reproduce/experiments.h"

namespace robmask::reproduce {

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
      {}};
  const auto row = [&](const std::string& name, const Training& training,
                       std::optional<double> clean = {}, std::optional<double> robust = {}) {
    const Accuracy attacked{.training = training, .attack = "pgd", .eps = "8/255"};
    e.cells.push_back({name, "Clean", Accuracy{.training = training}, clean});
    e.cells.push_back({name, "Robust", attacked, robust});
  };
  row("Standard training", standard, 91.97, 0.0);
  row("Standard, then adversarial finetuning of BN", finetuned(standard, "pgd"), 53.96, 26.51);
  row("Adversarial training", adversarial, 78.47, 48.67);
  row("Adversarial, then standard finetuning of BN", finetuned(adversarial, "standard"), 86.96,
      5.83);
  for (const std::string part : {"gamma", "beta", "stats", "gamma,stats"})
    row("Adversarial, then standard finetuning of " + part,
        finetuned(adversarial, "standard", part));
  return e;
}

}  // namespace robmask::reproduce
