// mask RUN FINETUNED: the masks of a model and of its finetuning in one network, and a walk from one
// to the other (section 3.2 of the paper).

#include <iostream>

#include <robmask/robmask.h>

using namespace robmask;

int main(int, char** words) {
  Backend& cpu = backend("cpu");
  const Dataset data = load_dataset("synthetic", {.train = false, .limit_test = 200});
  const Images test(cpu, data.test);
  const LoadedModel first = load_model(words[1], cpu, DType::f32, {});
  const LoadedModel second = load_model(words[2], cpu, DType::f32, {});
  require_alike(first, second);
  const LoadedModel both = with_both_masks(first, second);
  const AttackPlan pgd{.attack = AttackName::pgd, .eps = 4.0 / 255, .steps = 10};
  for (const double p : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    Index clean = 0, robust = 0;
    for (const Verdict& verdict :
         evaluate({.plan = pgd, .attacked = both.model->at(p)}, test.labelled(DType::f32))) {
      clean += verdict.clean;
      robust += verdict.robust;
    }
    std::cout << fmt::format("p = {:.2f}: {} of 200 right, {} under attack\n", p, clean, robust);
  }
}
