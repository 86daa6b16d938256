// The paper's mask: normalize, rescale by a blend of k masks, add a residual, clamp (docs/mask.md).

#include <algorithm>

#include "engine/ops/parts.h"
#include "engine/tape.h"

namespace robmask {

namespace {

/// The statistics that normalize a segment with images x and their moments, if there are any; a
/// train pass also updates the running ones.
void normalize_by(MaskSource& source, const Tensor& x, const Moments& moments,
                  const Segment& segment, const MaskState& state) {
  if (segment.mode == Mode::eval) {
    source.pair_code = segment.pair_code;
    source.mean = state.running_mean;
    source.variance = state.running_variance;
    return;
  }
  Backend& machine = x.machine();
  const Index rows = x.shape().rows();
  require(rows > 1,
          "batch norm in training expected more than one value a channel, got {} image of {}x{} "
          "pixels: use larger batches or images",
          x.shape().n, x.shape().h, x.shape().w);
  source.mean = Tensor(machine, {1, 1, 1, x.shape().c}, real_of(x.dtype()));
  source.variance = Tensor(machine, source.mean.shape(), source.mean.dtype());
  // μ = 1/M Σ x,  σ² = 1/M Σ (x − μ)²
  machine.statistics(source.mean, source.variance, x, moments);
  if (segment.mode == Mode::train)
    machine.update_running(
        state.running_mean.images(segment.pair, 1), state.running_variance.images(segment.pair, 1),
        state.tracked.images(segment.pair, 1), source.mean, source.variance, rows, state.momentum);
}

/// The mask that a segment with images x goes through.
Lens make_lens(const Tensor& x, const Moments& moments, const Segment& segment,
               const MaskState& state) {
  MaskSource source;
  source.code = segment.code;
  source.weight = state.weight.value();
  source.bias = state.bias.value();
  source.eps = state.eps;
  normalize_by(source, x, moments, segment, state);
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
        const Shape per_image{segment.images, 1, 1, dz.shape().c};
        MaskGradients wanted{{part(to_x.to), to_x.add}, {part(to_r.to), to_r.add}, {}, {}};
        if (dw) wanted.gamma = Tensor(machine, per_image, real_of(dz.dtype()));
        if (db) wanted.beta = Tensor(machine, per_image, real_of(dz.dtype()));
        // g = dz·[z > 0];  dβ_n = Σ g,  dγ_n = Σ g·x̂,  dresidual = g,  dx
        machine.mask_gradient(wanted, part_dz, part(saved_z), passes[i],
                              segment.mode != Mode::eval);
        // dw_j = Σ_n u_nj dγ_n,  dw'_j = Σ_n u_nj dβ_n
        if (dw) machine.blend_gradient(to_w, wanted.gamma, segment.code);
        if (db) machine.blend_gradient(to_b, wanted.beta, segment.code);
        to_w.add = to_b.add = true;
        row += segment.images;
      }
      if (same) machine.scale(t.sink(dr), to_r.to, 1);
    });
  }
  return z;
}

}  // namespace robmask
