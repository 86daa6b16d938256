// attack RUN: AutoAttack on a function from images to logits: here an ensemble of a run's two masks.

#include <algorithm>
#include <iostream>

#include <robmask/robmask.h>

using namespace robmask;

int main(int, char** words) {
  Backend& cpu = backend("cpu");
  const Dataset data = load_dataset("synthetic", {.train = false, .limit_test = 50});
  const Images test(cpu, data.test);
  const LoadedModel from = load_model(words[1], cpu, DType::f32, {});
  const Classifier clean = from.model->at(0), robust = from.model->at(1);
  const Classifier both = [&](const Variable& images) {
    return add(clean(images), robust(images));
  };
  const Evaluation autoattack{
      .plan = {.attack = AttackName::autoattack, .eps = 2.0 / 255, .steps = 10, .queries = 100},
      .attacked = both};
  const Verdicts verdicts = evaluate(autoattack, test.labelled(DType::f32));
  const Index right = std::ranges::count(verdicts, true, &Verdict::clean);
  const Index stand = std::ranges::count(verdicts, true, &Verdict::robust);
  const auto [low, high] = wilson_interval(stand, std::ssize(verdicts));
  std::cout << fmt::format("of {} images {} are right and {} stand, {:.2f} to {:.2f}\n",
                           verdicts.size(), right, stand, low, high);
}
