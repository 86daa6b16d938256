// What the paper leaves open about RobMask, one choice changed at a time.

#include "tools/robmask/reproduce/experiments.h"

namespace robmask::reproduce {

Experiment ablations() {
  Experiment e{
      "ablations",
      "ResNet-18 on CIFAR-10, 20 epochs: one choice of RobMask changed at a time",
      {"Algorithm 1 trains on adversarial images only (loss adv), section 5.2 speaks of two "
       "forward passes (mixed). \"Independently for every perturbation strength\" (section "
       "4): code nearest. ε_max: \"should not be too large or too small\".",
       "Clean accuracy is at mask 0, robust accuracy at mask 1 under PGD at 8/255."},
      {}};
  const auto row = [&](const std::string& name, const std::string& method,
                       const std::vector<std::string>& options) {
    const Training training{.method = method, .options = options};
    e.cells.push_back({name, "Clean, mask 0", Accuracy{.training = training}});
    e.cells.push_back(
        {name, "Robust, mask 1",
         Accuracy{.training = training, .mask = "1", .attack = "pgd", .eps = "8/255"}});
  };
  row("RobMask", "robmask", {});
  row("loss adv", "robmask", {"--robmask-loss", "adv"});
  row("split statistics", "robmask", {"--bn-stats", "split"});
  row("3 masks", "robmask", {"--masks", "3"});
  row("5 masks", "robmask", {"--masks", "5"});
  row("5 masks, code nearest", "robmask", {"--masks", "5", "--code", "nearest"});
  row("strength per image", "robmask", {"--strength", "per-image"});
  row("attack in batch statistics", "robmask", {"--attack-bn", "train-frozen"});
  row("attack updates statistics", "robmask", {"--attack-bn", "train"});
  row("attack through mask 1", "robmask", {"--attack-mask", "max"});
  row("attack through mask 0", "robmask", {"--attack-mask", "clean"});
  for (const char* eps : {"2/255", "4/255", "12/255", "16/255"}) {
    row(fmt::format("ε_max = {}", eps), "robmask", {"--eps", eps});
    row(fmt::format("AdvProp, ε = {}", eps), "advprop", {"--eps", eps});
  }
  row("AdvProp", "advprop", {});
  return e;
}

}  // namespace robmask::reproduce
