// Table 3: clean accuracy of BN (standard training), AdvProp and RobMask (section 5.2).

#include "tools/robmask/reproduce/experiments.h"
#include "tools/robmask/reproduce/networks.h"

namespace robmask::reproduce {

namespace {

/// BN, AdvProp, RobMask on CIFAR-10, then on CIFAR-100; rows by network, 20 before 100 epochs.
constexpr double table3_means[8][6]{
    {92.59, 93.45, 94.64, 75.88, 76.15, 77.61}, {94.87, 95.3, 96.10, 77.7, 76.82, 78.77},
    {93.26, 94.61, 95.30, 74.79, 73.61, 75.11}, {94.71, 94.61, 96.47, 77.63, 76.88, 80.18},
    {91.93, 92.55, 94.04, 70.79, 72.71, 73.59}, {94.37, 95.33, 95.97, 76.14, 76.87, 78.19},
    {93.12, 93.37, 95.03, 74.26, 72.18, 74.65}, {95.15, 95.29, 96.06, 78.60, 76.35, 79.54}};

}  // namespace

Experiment table3() {
  Experiment e{
      "table3",
      "Clean accuracy of BN (standard training), AdvProp and RobMask",
      {"RobMask and AdvProp are evaluated at mask 0. Batches of 128; ResNeXt-29 is 2x64d; "
       "last epoch; the paper states none of these.",
       "RobMask: k = 2, shared running statistics, mixed loss, one random strength a batch "
       "and the attack through the mask of its strength."},
      {}};
  const struct {
    const char *title, *name;
  } data[]{{"CIFAR-10", "cifar10"}, {"CIFAR-100", "cifar100"}};
  const struct {
    const char *title, *name;
  } methods[]{{"BN", "standard"}, {"AdvProp", "advprop"}, {"RobMask", "robmask"}};
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 6; ++column) {
      const Network& network = networks[row / 2];
      const Training training{.method = methods[column % 3].name,
                              .model = network.model,
                              .data = data[column / 3].name,
                              .epochs = row % 2 == 0 ? 20 : 100};
      e.cells.push_back({fmt::format("{}, {} epochs", network.title, training.epochs),
                         fmt::format("{} {}", data[column / 3].title, methods[column % 3].title),
                         Accuracy{.training = training, .repeated = true},
                         table3_means[row][column]});
    }
  return e;
}

}  // namespace robmask::reproduce
