#include <algorithm>

#include "attacks/evaluate.h"
#include "tools/course/figures/lessons.h"

namespace robmask::course {

double percent_robust(const Classifier& network, const Images& images, double eps) {
  const AttackPlan pgd{.attack = AttackName::pgd, .eps = eps, .steps = 10};
  const Verdicts verdicts =
      evaluate({.plan = pgd, .attacked = network}, images.labelled(DType::f32));
  const auto robust = static_cast<double>(std::ranges::count(verdicts, true, &Verdict::robust));
  return 100 * robust / static_cast<double>(images.size());
}

}  // namespace robmask::course
