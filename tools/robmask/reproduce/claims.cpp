// The paper's sentences about Table 3 (section 5.2), as differences with their uncertainty.

#include "tools/robmask/reproduce/experiments.h"
#include "tools/robmask/reproduce/networks.h"

namespace robmask::reproduce {

namespace {

/// A training by method and epochs.
struct Side {
  const char *title, *method;
  Index epochs;
};
constexpr Side robmask100{"RobMask", "robmask", 100}, robmask20{"RobMask 20 ep", "robmask", 20},
    bn100{"BN", "standard", 100}, advprop100{"AdvProp", "advprop", 100};

const struct {
  Side first, second;
  double paper[4];  // on CIFAR-10, from Table 3, by network
} comparisons[]{{robmask100, bn100, {1.23, 1.76, 1.60, 0.91}},
                {robmask100, advprop100, {0.80, 1.86, 0.64, 0.77}},
                {robmask20, bn100, {-0.23, 0.59, -0.33, -0.12}},
                {robmask20, advprop100, {-0.66, 0.69, -1.29, -0.26}}};

}  // namespace

Experiment claims() {
  Experiment e{
      "claims",
      "Differences of clean accuracy on CIFAR-10, in points",
      {"\"RobMask achieves around 1.5% test accuracy improvement over BN and 0.8% over "
       "AdvProp\"; \"20-epochs training using RobMask leads to results that are comparable "
       "to 100-epochs training using BN\". The paper's numbers are differences of Table 3's.",
       "100 epochs where no number stands. Intervals are Newcombe's, for independent images: "
       "wider than a paired test's.",
       "\"Normalization only has marginal influence\": Table 1's rows that tune one part of "
       "batch norm."},
      {}};
  for (std::size_t n = 0; n < networks.size(); ++n)
    for (const auto& [first, second, paper] : comparisons) {
      const auto accuracy = [&](const Side& side) {
        return Accuracy{
            .training = {.method = side.method, .model = networks[n].model, .epochs = side.epochs},
            .repeated = true};
      };
      e.cells.push_back({networks[n].title, fmt::format("{} − {}", first.title, second.title),
                         Difference{accuracy(first), accuracy(second)}, paper[n]});
    }
  return e;
}

}  // namespace robmask::reproduce
