// Table 4: the three methods on ImageNet (section 5.2).

#include "tools/robmask/reproduce/experiments.h"

namespace robmask::reproduce {

Experiment table4() {
  Experiment e{
      "table4",
      "Clean accuracy of ResNet-18 on ImageNet",
      {"The paper states 105 epochs, but neither attack steps, batch nor crops: 7 steps at "
       "8/255, batches of 256, random crops of 224 pixels, cosine from 0.1.",
       "RobMask and AdvProp are evaluated at mask 0."},
      {}};
  const struct {
    const char *title, *method;
    double paper;
  } columns[]{
      {"BN", "standard", 69.76}, {"AdvProp", "advprop", 69.79}, {"RobMask", "robmask", 70.14}};
  for (const auto& [title, method, paper] : columns)
    e.cells.push_back({"ResNet-18, 105 epochs", title,
                       Accuracy{.training = {.method = method,
                                             .model = "resnet18-imagenet",
                                             .data = "imagenet",
                                             .epochs = 105,
                                             .batch = 256}},
                       paper});
  return e;
}

}  // namespace robmask::reproduce
