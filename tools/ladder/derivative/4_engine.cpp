// Rung 4: the engine's tape. It has an entry for each tensor, not for each number: five for this
// network, whatever its size. What an entry does backward is the product of matrices or the loop that
// rung 2 has, so the price of the tape itself vanishes as tensors grow.

#include <algorithm>

#include "engine/ops.h"
#include "engine/tape.h"
#include "tools/ladder/derivative/network.h"

namespace robmask::ladder {

void engine(const EngineNetwork& net) {
  Tape tape({net.w1, net.w2});
  const Variable hidden = activate(conv2d(net.x, net.w1, {}), {.kind = Activation::Kind::silu});
  const Variable logits = conv2d(hidden, net.w2, {});  // windows of 1×1: products of matrices
  tape.backward(sum(cross_entropy(logits, net.labels)));

  double* next = net.gradient;
  for (const Variable& w : {net.w1, net.w2})
    next = std::copy_n(w.gradient().data<double>(), w.shape().count(), next);
}

}  // namespace robmask::ladder
