#include "attacks/pgd.h"

#include "engine/tape.h"

namespace robmask {

Ball make_ball(Backend& machine, DType dtype, Norm norm, const std::vector<double>& eps,
               const std::vector<double>& alpha) {
  const auto one_each = [&](const std::vector<double>& values) {
    return make_tensor(machine, {static_cast<Index>(values.size()), 1, 1, 1}, dtype, values);
  };
  return {norm, one_each(eps), one_each(alpha)};
}

void pgd(const Tensor& x_adv, const Tensor& x, const Ball& ball, Index steps,
         const Objective& objective) {
  for (Index i = 0; i < steps; ++i) {
    const Variable images(x_adv);
    Tape tape({images});
    tape.backward(objective(images));
    // x_adv ← P(x_adv + α·sign(∇)), or α·∇/‖∇‖₂ in L2; P to the ball around x, then to [0,1]
    x.machine().pgd_step(x_adv, x, images.gradient(), ball.alpha, ball.eps, ball.norm);
  }
}

}  // namespace robmask
