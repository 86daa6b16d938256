// Losses of each image.

#include "engine/ops.h"
#include "engine/tape.h"

namespace robmask {

Variable cross_entropy(const Variable& logits, const Tensor& labels) {
  // logits: N 1 1 classes    labels, loss: N 1 1 1
  Backend& machine = logits.machine();
  const Variable loss(Tensor(machine, logits.shape().with_channels(1), logits.value().dtype()));
  machine.cross_entropy(loss.value(), logits.value(), labels);
  if (Tape* tape = Tape::hearing({logits})) {
    const auto dlogits = tape->wanted(logits);
    tape->record(loss, [=, &machine, saved = logits.value()](Tape& t, const Tensor& dloss) {
      machine.cross_entropy_gradient(t.sink(dlogits), dloss, saved, labels);
    });
  }
  return loss;
}

Variable kl(const Variable& p_logits, const Variable& q_logits) {
  // p_logits, q_logits: N 1 1 classes    loss: N 1 1 1
  Backend& machine = p_logits.machine();
  const Variable loss(Tensor(machine, p_logits.shape().with_channels(1), p_logits.value().dtype()));
  machine.kl(loss.value(), p_logits.value(), q_logits.value());
  if (Tape* tape = Tape::hearing({p_logits, q_logits})) {
    const auto dp = tape->wanted(p_logits), dq = tape->wanted(q_logits);
    tape->record(loss, [=, &machine, p = p_logits.value(), q = q_logits.value()](
                           Tape& t, const Tensor& dloss) {
      machine.kl_gradient(t.sink(dp), t.sink(dq), dloss, p, q);
    });
  }
  return loss;
}

}  // namespace robmask
