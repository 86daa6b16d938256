// Rung 3: what the engine does, by the primitives that the op `mask` calls. The same two passes for
// any shape, pitch and number of masks, by all threads (here by one), and with the running
// statistics left out.

#include "engine/backend.h"
#include "tools/ladder/mask/mask.h"

namespace robmask::ladder {

namespace {

/// γ and β themselves: one mask, of which all is taken.
Tensor whole(Backend& machine) { return make_tensor<float>(machine, {1, 1, 1, 1}, {1}); }

}  // namespace

void engine(const EngineBatch& b) {
  Backend& machine = b.x.machine();
  const Lens lens{b.mean, b.inverse, Tensor(machine, b.gamma.shape(), DType::f32),
                  Tensor(machine, b.gamma.shape(), DType::f32)};
  machine.make_lens(lens, {.code = whole(machine), .weight = b.gamma, .bias = b.beta, .x = b.x});
  machine.mask(b.z, {.x = b.x, .lens = lens, .residual = {}, .relu = true});
}

void engine_back(const EngineBatch& b) {
  Backend& machine = b.x.machine();
  const Lens lens{b.mean, b.inverse, Tensor(machine, b.gamma.shape(), DType::f32), {}};
  machine.multiply({lens.scale}, b.gamma, b.inverse);
  const MaskGradients wanted{
      .x = {b.dx}, .residual = {}, .weight = {b.dgamma}, .bias = {b.dbeta}, .code = whole(machine)};
  machine.mask_gradient(wanted, b.dz, b.z, {b.x, lens, {}, true}, true);
}

}  // namespace robmask::ladder
