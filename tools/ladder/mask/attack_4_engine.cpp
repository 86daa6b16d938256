// Rung 4: what the engine does, by the primitives that the op `masked_conv2d` calls: the same, in
// tiles of its own, and by a convolution of any window. Scaled weights are kept for all steps of an
// attack there; here they are made anew each time, as in rung 3.

#include "engine/backend.h"
#include "tools/ladder/mask/mask.h"

namespace robmask::ladder {

void engine(const EngineAttack& a) {
  Backend& machine = a.x.machine();
  const Lens lens{a.mean, a.inverse, Tensor(machine, a.gamma.shape(), DType::f32),
                  Tensor(machine, a.gamma.shape(), DType::f32)};
  machine.multiply({lens.scale}, a.gamma, a.inverse);
  machine.multiply({lens.shift}, lens.scale, a.mean);
  machine.scale({lens.shift}, lens.shift, -1);
  machine.add(lens.shift, lens.shift, a.beta);
  const Tensor weight(machine, a.w.shape(), DType::f32);
  machine.affine({weight}, a.w, lens.scale, {});
  machine.conv2d_folded(a.z, a.x, weight, {}, {.shift = lens.shift, .residual = {}, .relu = true});
}

void engine_back(const EngineAttack& a) {
  // v: {1,1,C,C}, whose rows are the channels of the mask
  Backend& machine = a.x.machine();
  const Tensor scale(machine, a.gamma.shape(), DType::f32),
      turned(machine, a.v.shape(), DType::f32);
  machine.multiply({scale}, a.gamma, a.inverse);
  const Shape square{1, 1, C, C};
  const Tensor weight(machine, square, DType::f32);
  machine.transpose({turned}, a.v);
  machine.affine({turned}, turned, scale, {});
  machine.transpose({weight}, turned);
  machine.conv2d_input_gradient({a.dy}, a.dy_behind, weight, {}, a.z);
}

}  // namespace robmask::ladder
