// The paper's mask: normalize, rescale by a blend of k masks, add a residual, clamp (docs/mask.md).

#include <algorithm>

#include "engine/ops/parts.h"
#include "engine/ops/shared_statistics.h"
#include "engine/tape.h"
#include "engine/trace.h"

namespace robmask {

namespace {

/// The mask that a segment with images x goes through; their moments, if there are any. A train
/// pass also updates the running statistics.
Lens make_lens(const Tensor& x, const Moments& moments, const Segment& segment,
               const MaskState& state) {
  MaskSource source{.code = segment.code,
                    .weight = state.weight.value(),
                    .bias = state.bias.value(),
                    .eps = state.eps};
  if (segment.mode == Mode::eval) {
    source.pair_code = segment.pair_code;
    source.mean = state.running_mean;
    source.variance = state.running_variance;
  } else {
    require(x.shape().rows() > 1,
            "batch norm in training expected more than one value a channel, got {} image of {}x{} "
            "pixels: use larger batches or images",
            x.shape().n, x.shape().h, x.shape().w);
    // μ = 1/M Σ x,  σ² = 1/M Σ (x − μ)²
    source.x = x;
    source.moments = moments;
  }
  if (segment.mode == Mode::train)
    source.running = {state.running_mean.images(segment.pair, 1),
                      state.running_variance.images(segment.pair, 1),
                      state.tracked.images(segment.pair, 1), state.momentum};
  if (segment.shared && segment.mode != Mode::eval) return shared_lens(x, source, segment);
  const Index given = source.pair_code ? source.pair_code.shape().n : 1;
  const Index masks = std::max(given, source.code.shape().n);
  const auto rows = [&](Index count) {
    return Tensor(x.machine(), {count, 1, 1, x.shape().c}, real_of(x.dtype()));
  };
  const Lens lens{rows(given), rows(given), rows(masks), rows(masks)};
  // s = 1/√(σ² + eps);  a = γ·s,  b = β − γ·s·μ,  with γ = Σ_j u_j w_j,  β = Σ_j u_j w'_j
  x.machine().make_lens(lens, source);
  return lens;
}

}  // namespace

KeptMask& kept_mask(const Tensor& z, const Segment& segment, const MaskState& state) {
  KeptMask& kept = (*segment.kept)[state.weight.slot().get()];
  if (!kept.lens.scale) kept.lens = make_lens(z, {}, segment, state);
  return kept;
}

Variable mask(const Variable& x, const MaskState& state, const Context& context,
              const MaskOptions& options) {
  // x, residual, z: N H W C    state.weight, state.bias: k 1 1 C
  expect(context.images() == x.shape().n, "a context of {} images for {}", context.images(),
         to_string(x.shape()));
  Backend& machine = x.machine();
  const Variable& residual = options.residual;
  const Variable z(Tensor(machine, x.shape(), x.value().dtype()));
  std::vector<MaskPass> passes;
  const Index pixels = x.shape().pixels();
  Index first = 0;
  for (const Segment& segment : context.segments) {
    MaskPass pass;
    pass.relu = options.relu;
    pass.x = x.value().images(first, segment.images);
    if (residual) pass.residual = residual.value().images(first, segment.images);
    const Moments moments = x.moments().part(first * pixels, segment.images * pixels);
    pass.lens = segment.kept && segment.mode == Mode::eval
                    ? kept_mask(pass.x, segment, state).lens
                    : make_lens(pass.x, moments, segment, state);
    // z = max(a·x + b + residual, 0)
    machine.mask(z.value().images(first, segment.images), pass);
    pass.residual = {};  // the backward pass does not read it
    passes.push_back(std::move(pass));
    first += segment.images;
  }

  if (Tape* tape = Tape::hearing({x, state.weight, state.bias, residual})) {
    const auto dx = tape->wanted(x), dr = tape->wanted(residual);
    const auto dw = tape->wanted(state.weight), db = tape->wanted(state.bias);
    const Tensor saved_z = options.relu ? z.value() : Tensor();
    for (std::size_t i = 0; i < passes.size(); ++i)  // an attack in eval mode never reads x again
      if (context.segments[i].mode == Mode::eval && !dw) passes[i].x = {};
    tape->record(z, [=, &machine, segments = context.segments](Tape& t, const Tensor& dz) {
      const Sink to_x = t.sink(dx);
      // Where the residual is x itself, its gradient comes on top of what is written for x.
      const bool same = dx && dr && &dx->root() == &dr->root();
      const Sink to_r = same ? Sink{Tensor(machine, dz.shape(), dz.dtype())} : t.sink(dr);
      Sink to_w = t.sink(dw), to_b = t.sink(db);
      Index row = 0;
      for (std::size_t i = 0; i < passes.size(); ++i) {
        const Segment& segment = segments[i];
        const auto part = [&](const Tensor& whole) {
          return whole ? whole.images(row, segment.images) : Tensor();
        };
        const Tensor part_dz = part(dz);
        const MaskGradients wanted{.x = {part(to_x.to), to_x.add},
                                   .residual = {part(to_r.to), to_r.add},
                                   .weight = to_w,
                                   .bias = to_b,
                                   .code = segment.code};
        // g = dz·[z > 0];  dw_j = Σ_n u_nj Σ g·x̂,  dw'_j = Σ_n u_nj Σ g,  dresidual = g,  dx
        if (segment.shared && segment.mode != Mode::eval)
          shared_mask_gradient(wanted, part_dz, part(saved_z), passes[i], state, *segment.shared);
        else
          machine.mask_gradient(wanted, part_dz, part(saved_z), passes[i],
                                segment.mode != Mode::eval);
        to_w.add = to_b.add = true;
        row += segment.images;
      }
      if (same) machine.scale(t.sink(dr), to_r.to, 1);
    });
  }
  if (Trace* trace = Trace::open()) trace->mask(z, x, state, options);
  return z;
}

}  // namespace robmask
