#include "tools/robmask/options/groups.h"

namespace robmask {

Options options_of(FinetuneSettings& s) {
  Options o;
  o.add("from", s.from, "weights or run directory to start from").required = true;
  o.add("method", s.train.method, "standard or pgd; how to finetune");
  o.add("tune", s.tune, "which batch-norm tensors: gamma, beta, stats");
  o.add("mask", s.mask, "p of the mask of a masked checkpoint, exported first", from_to(0, 1));
  o.flag("resume", s.train.resume, "continue the run in --out with its settings");
  add_training(o, s.train);
  add_network(o, s.train.model, "what --from says", "what --from says");
  add_image_size(o, s.train.model);
  add_class_match(o, s.train.model);
  add_common(o, s.train.common);
  return o;
}

void check(const FinetuneSettings& s) {
  const Method method = s.train.method;
  require(method == Method::standard || method == Method::pgd,
          "--method: expected standard or pgd for finetune, got \"{}\"", to_string(method));
  check_training(s.train);
  require(
      method != Method::pgd || s.train.attack_bn != AttackBn::train || s.tune.stats,
      "--attack-bn: train updates running statistics, which --tune leaves out: expected eval or "
      "train-frozen, or --tune with stats");
}

}  // namespace robmask
