#include "attacks/pgd.h"

#include "engine/tape.h"

namespace robmask {

void pgd(const Tensor& x_adv, const Tensor& x, const Ball& ball, Index steps,
         const Objective& objective) {
  for (Index i = 0; i < steps; ++i) {
    const Variable images(x_adv);
    Tape tape({images});
    tape.backward(objective(images));
    x.machine().pgd_step(x_adv, x, images.gradient(), ball.alpha, ball.eps, ball.norm);
  }
}

}  // namespace robmask
