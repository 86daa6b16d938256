// Table 2: linear combinations of two masks give a series of trade-offs (section 3.2).

#include "tools/robmask/reproduce/charts.h"
#include "tools/robmask/reproduce/experiments.h"

namespace robmask::reproduce {

namespace {

constexpr double shares[]{1, 0.8, 0.6, 0.4, 0.2, 0};

/// A model (p = 1), its finetuning (p = 0) and what lies between.
struct Block {
  std::string name;
  Training base, tuned;
  double clean[6], robust[6];  // the paper's, by shares
};

/// The two ends are the models themselves, and so the same numbers as in Table 1.
Accuracy between(const Block& block, double p) {
  if (p == 1) return {.training = block.base};
  if (p == 0) return {.training = block.tuned};
  return {.training = block.base, .second = std::make_shared<const Training>(block.tuned), .p = p};
}

std::vector<Block> blocks() {
  const Training standard{.method = "standard"}, adversarial{.method = "pgd"};
  return {{"Adversarial training with and without standard finetuning of BN",
           adversarial,
           finetuned(adversarial, "standard"),
           {78.47, 81.16, 82.8, 84.66, 86.06, 86.96},
           {48.67, 44.88, 37.2, 24.79, 12.85, 5.83}},
          {"Standard training with and without adversarial finetuning of BN",
           standard,
           finetuned(standard, "pgd"),
           {91.97, 88.66, 74.87, 58.76, 53.89, 53.96},
           {0.0, 0.0, 0.12, 5.73, 19.93, 26.51}}};
}

std::string column_of(double share) { return fmt::format("p = {:.1f}", share); }

bool draw_table2(const Experiment& e, const Commands& commands, const Path& folder) {
  std::vector<TradeoffCurve> curves;
  for (const Block& block : blocks()) {
    TradeoffCurve& curve = curves.emplace_back(TradeoffCurve{block.name, {}});
    for (const double share : shares)
      curve.points.push_back({column_of(share),
                              cell_of(e, block.name + ", clean", column_of(share)),
                              cell_of(e, block.name + ", robust", column_of(share))});
  }
  return draw_tradeoff("Between a mask and its finetuned one", curves, commands, folder);
}

}  // namespace

Experiment table2() {
  Experiment e{
      "table2",
      "Clean and robust accuracy of p·mask + (1−p)·finetuned mask, ResNet-18 on CIFAR-10",
      {"p = 1 is the model before finetuning, p = 0 the finetuned one, as in Table 1.",
       "The paper combines γ and β; running statistics differ between the two models as "
       "well and are combined with them, or p = 0 would not be Table 1's model."},
      {},
      {{"tradeoff.svg",
        "Clean against robust accuracy on the way from a mask (p = 1) to its finetuned one "
        "(p = 0), each line one set of convolutions. A smooth line is the paper's claim: "
        "every trade-off between the two can be had without training; bars are 95 % "
        "intervals.",
        "Crosses: the paper's Table 2."}},
      draw_table2};
  for (const Block& block : blocks())
    for (const bool robust : {false, true})
      for (int i = 0; i < 6; ++i) {
        Accuracy accuracy = between(block, shares[i]);
        if (robust) accuracy.attack = "pgd", accuracy.eps = "8/255";
        e.cells.push_back({block.name + (robust ? ", robust" : ", clean"), column_of(shares[i]),
                           accuracy, robust ? block.robust[i] : block.clean[i]});
      }
  return e;
}

}  // namespace robmask::reproduce
