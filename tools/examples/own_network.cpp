// A network of one's own: defined, trained with RobMask into the folder that is given, read again,
// and attacked through both of its masks. Built against what `make install` copies: make example.

#include <iostream>

#include "attacks/evaluate.h"
#include "attacks/intervals.h"
#include "layers/conv2d.h"
#include "layers/linear.h"
#include "layers/norm.h"
#include "models/global_average.h"
#include "training/trainer.h"

using namespace robmask;

/// conv-mask, conv-mask to half the size, mean, linear
class SmallNet {
 public:
  SmallNet(const Scope& s, Index width, Index classes)
      : conv1_(s / "conv1", 3, width, {.kernel = 3, .stride = 1, .pad = 1}),
        bn1_(s / "bn1", width),
        conv2_(s / "conv2", width, 2 * width, {.kernel = 3, .stride = 2, .pad = 1}),
        bn2_(s / "bn2", 2 * width),
        linear_(s / "linear", 2 * width, classes) {}

  Variable operator()(const Variable& x, const Context& c) const {
    return linear_(global_average(bn2_(conv2_, bn1_(conv1_, x, c), c)));
  }

 private:
  Conv2d conv1_;
  MaskedNorm bn1_;
  Conv2d conv2_;
  MaskedNorm bn2_;
  Linear linear_;
};

int main(int, char** arguments) {
  define_network<SmallNet>("small");
  Backend& cpu = backend("cpu");
  const Dataset data = load_dataset("synthetic", {.limit_train = 1000, .limit_test = 50});
  const Images train(cpu, data.train), test(cpu, data.test);
  TrainSettings settings{.method = Method::robmask, .epochs = 6, .batch = 50};
  CheckpointInfo info{.spec = {.name = "small", .width = 8, .masks = 2}, .method = "robmask"};
  const Model model(cpu, DType::f32, info.spec, settings.seed);
  const auto recipe = make_recipe(settings, model);
  Sgd sgd(model.parameters(), settings.momentum, settings.weight_decay);
  Trainer(settings, {model, *recipe, sgd}, {train, test}, {info, arguments[1]}).run();
  const LoadedModel again = load_model(arguments[1], cpu, DType::f32, {});
  for (const double p : {0.0, 1.0}) {
    const AttackPlan autoattack{
        .attack = AttackName::autoattack, .eps = 2.0 / 255, .steps = 10, .queries = 100};
    const Verdicts verdicts =
        evaluate({.plan = autoattack, .attacked = again.model->at(p)}, test.labelled(DType::f32));
    const Index robust = std::ranges::count(verdicts, true, &Verdict::robust);
    const auto [low, high] = wilson_interval(robust, std::ssize(verdicts));
    std::cout << fmt::format("mask {}: {} of {} images stand, {:.2f} to {:.2f}\n", p, robust,
                             verdicts.size(), low, high);
  }
}
