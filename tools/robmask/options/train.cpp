#include "tools/robmask/options/groups.h"

namespace robmask {

namespace {

void add_optimizer(Options& o, TrainSettings& s) {
  o.group("Optimization");
  o.add("epochs", s.epochs, "passes over the training images", from_to(1, largest));
  add_batch(o, s.batch);
  o.add("lr", s.lr, "learning rate", at_least(0));
  o.add("momentum", s.momentum, "of stochastic gradient descent", at_least(0));
  o.add("weight-decay", s.weight_decay, "on every parameter, masks included", at_least(0));
  o.add("schedule", s.schedule, "of the learning rate, by epoch");
  o.add("augment", s.augment, "of training images");
  o.add("shuffle", s.shuffle, "a new order each epoch: on, off");
  o.add("steps", s.steps, "stop after N iterations; the schedule still counts --epochs",
        from_to(1, largest), "all");
  add_replay(o, s.replay);
}

}  // namespace

void add_training(Options& o, TrainSettings& s) {
  add_optimizer(o, s);
  o.group("Attack in training");
  o.add("eps", s.attack.eps, "largest perturbation", at_least(0));
  add_attack(o, s.attack);
  o.add("attack-bn", s.attack_bn, "batch norm while attacking");
  o.add("attack-mask", s.attack_mask, "the mask the attack goes through");
  o.group("Method");
  o.add("beta", s.beta, "weight of TRADES' divergence", at_least(0));
  o.add("masks", s.model.masks, "masks k of RobMask", from_to(1, 1000), "2");
  o.add("code", s.code, "of a strength over the masks");
  o.add("strength", s.strength, "p of RobMask: random, per-image or a number in [0, 1]");
  o.add("robmask-loss", s.robmask_loss, "clean and adversarial, or adversarial only");
  o.add("bn-stats", s.model.bn_stats, "running statistics of RobMask", {}, "shared");
  // Read as text: either strengths or the word "random".
  Option& aux = o.add("aux-eps", s.aux_eps, "AdvProp's auxiliary norms: ascending list, or random",
                      at_least(0), "the value of --eps");
  aux.read = [&s, list = aux.read](const std::string& text) {
    s.aux_random = text == "random";
    if (s.aux_random) return s.aux_eps.clear();
    list(text);
  };
  aux.write = [&s, list = aux.write]() -> Json { return s.aux_random ? Json("random") : list(); };
  o.group("Model");
  o.add("normalize", s.model.normalize, "of pixels, inside the model");
  o.add("init", s.init, "file of starting weights");
}

Options options_of(TrainSettings& s) {
  Options o;
  o.add("method", s.method, "how to train");
  o.flag("resume", s.resume, "continue the run in --out with its settings");
  add_training(o, s);
  add_network(o, s.model);
  add_image_size(o, s.model);
  add_common(o, s.common);
  return o;
}

void check_training(const TrainSettings& s) {
  check_common(s.common);
  check_model(s.model);
  check_eps("eps", s.attack.eps, s.attack.norm);
  for (std::size_t i = 0; i < s.aux_eps.size(); ++i) {
    check_eps("aux-eps", s.aux_eps[i], s.attack.norm);
    require(i == 0 || s.aux_eps[i - 1].value < s.aux_eps[i].value,
            "--aux-eps: expected an ascending list, got \"{}\" before \"{}\"",
            s.aux_eps[i > 0 ? i - 1 : 0].text, s.aux_eps[i].text);
  }
  require(!s.resume || !s.common.out.empty(), "--resume: expected --out DIR, the run to continue");
}

void check(const TrainSettings& s) {
  check_training(s);
  require(
      s.method != Method::robmask || s.robmask_loss != RobmaskLoss::adv ||
          s.model.bn_stats != BnStats::split,
      "--robmask-loss: adv expects --bn-stats shared, got split, whose clean pair adv would never "
      "train");
}

}  // namespace robmask
