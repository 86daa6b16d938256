// A convolution and the mask behind it, in as few passes over its map as the machine can.

#include "engine/ops/parts.h"
#include "engine/tape.h"
#include "engine/trace.h"

namespace robmask {

namespace {

/// The mask's scale can go into the weights where nothing is learned of either, the same for all
/// images, and is used more than once; and where no trace asks for the map between.
bool folds(const Variable& x, const Variable& w, const MaskState& state, const Context& context) {
  if (Trace::open() || context.segments.size() != 1 || !x.machine().folds_masks(x.value().dtype()))
    return false;
  const Segment& s = context.segments[0];
  const Tape* tape = Tape::hearing({w, state.weight, state.bias});
  return !tape && s.kept && s.mode == Mode::eval && s.code.shape().n == 1 &&
         s.pair_code.shape().n == 1;
}

}  // namespace

Variable masked_conv2d(const Variable& x, const Variable& w, const Window& window,
                       const MaskState& state, const Context& context, const MaskOptions& options) {
  // x: N H W Cin    w: K K Cin/g Cout    residual, z: N H' W' Cout
  if (!folds(x, w, state, context)) {
    const bool with_moments = context.takes_batch_statistics();
    return mask(convolve(x, w, window, {}, with_moments), state, context, options);
  }
  expect(context.images() == x.shape().n, "a context of {} images for {}", context.images(),
         to_string(x.shape()));
  Backend& machine = x.machine();
  const Variable& residual = options.residual;
  const Variable z(Tensor(machine, convolved(x, w, window), x.value().dtype()));
  // w·γ·s and β − γ·s·μ
  KeptMask& kept = kept_mask(z.value(), context.segments[0], state);
  if (!kept.weight) {
    kept.weight = Tensor(machine, w.shape(), w.operand().dtype());
    machine.affine({kept.weight}, w.value(), kept.lens.scale, {});
  }
  // z = max(x ⋆ w·γ·s + (β − γ·s·μ) + residual, 0)
  machine.conv2d_folded(z.value(), x.value(), kept.weight, window,
                        {kept.lens.shift, residual ? residual.value() : Tensor(), options.relu});

  if (Tape* tape = Tape::hearing({x, residual})) {
    const auto dx = tape->wanted(x), dr = tape->wanted(residual), own = z.slot();
    if (options.relu) own->gate = z.value();
    tape->record(z, [=, &machine, weight = kept.weight](Tape& t, const Tensor& dz) {
      // g = dz·[z > 0], unless the last convolution that reads z has done so
      if (own->gate) machine.relu_gradient({dz}, dz, own->gate);
      // dresidual = g,  dx = w·γ·s ⋆ᵀ g
      const bool same = dx && dr && &dx->root() == &dr->root();
      if (dr && same) machine.scale(t.sink(dr), dz, 1);
      if (dx) {
        const Tensor gate = t.gate(dx);
        machine.conv2d_input_gradient(t.sink(dx), dz, weight, window, gate);
      }
      if (dr && !same) t.give(dr, dz);
    });
  }
  return z;
}

}  // namespace robmask
