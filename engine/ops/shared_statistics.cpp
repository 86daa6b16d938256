#include "engine/ops/shared_statistics.h"

#include "engine/shared_rows.h"

namespace robmask {

namespace {

/// {1,1,1,C} of the type of statistics, with a value.
Tensor row(const Tensor& like, Index channels, double value) {
  const Tensor t(like.machine(), {1, 1, 1, channels}, real_of(like.dtype()));
  t.machine().fill(t, value);
  return t;
}

/// Σ_s share_s · rows_s, in order.
Tensor weighed(const Tensor& rows, const SharedRows& shared) {
  const Tensor sum(rows.machine(), {1, 1, 1, rows.shape().c}, rows.dtype());
  for (Index s = 0; s < rows.shape().n; ++s)
    rows.machine().scale({sum, s > 0}, rows.images(s, 1), shared.shares()[s]);
  return sum;
}

}  // namespace

Lens shared_lens(const Tensor& x, const MaskSource& source, const Segment& segment) {
  Backend& machine = x.machine();
  SharedRows& shared = *segment.shared;
  const Index c = x.shape().c;
  const double rows = static_cast<double>(x.shape().rows());
  const auto new_lens = [&](Index codes) {
    return Lens{row(x, c, 0), row(x, c, 0), Tensor(machine, {codes, 1, 1, c}, real_of(x.dtype())),
                Tensor(machine, {codes, 1, 1, c}, real_of(x.dtype()))};
  };
  // μ_s and σ²_s of this shard: running statistics of momentum 1, which are unbiased.
  const Tensor own = row(x, 2 * c, 0), mean = own.channels(0, c), variance = own.channels(c, c);
  MaskSource alone = source;
  const Tensor own_mean = row(x, c, 0), own_variance = row(x, c, 0);
  Tensor tracked = source.running.tracked;
  if (!tracked) {
    tracked = Tensor(machine, {}, DType::i64);
    machine.fill(tracked, 0);
  }
  alone.running = {own_mean, own_variance, tracked, 1.0};
  machine.make_lens(new_lens(source.code.shape().n), alone);
  machine.copy(mean, own_mean);
  machine.scale({variance}, own_variance, (rows - 1) / rows);

  // μ = Σ_s share_s μ_s,  σ² = Σ_s share_s (σ²_s + (μ_s − μ)²)
  const Tensor all = shared.all(own), means = all.channels(0, c), variances = all.channels(c, c);
  const Tensor mu = weighed(means, shared), sigma2 = weighed(variances, shared);
  for (Index s = 0; s < all.shape().n; ++s) {
    const Tensor apart = row(x, c, 0), scaled = row(x, c, 0);
    machine.scale({apart}, mu, -1);
    machine.add(apart, apart, means.images(s, 1));
    machine.scale({scaled}, apart, shared.shares()[s]);
    machine.multiply({sigma2, true}, apart, scaled);
  }

  if (const Running& running = source.running; running.mean) {
    const double batch = rows / shared.own_share(), m = running.momentum;
    machine.scale({running.mean}, running.mean, 1 - m);
    machine.scale({running.mean, true}, mu, m);
    machine.scale({running.variance}, running.variance, 1 - m);
    machine.scale({running.variance, true}, sigma2, m * batch / (batch - 1));
  }

  const Lens lens = new_lens(source.code.shape().n);
  machine.make_lens(lens, {.code = source.code,
                           .weight = source.weight,
                           .bias = source.bias,
                           .pair_code = row(x, 1, 1),
                           .mean = mu,
                           .variance = sigma2,
                           .eps = source.eps});
  return lens;
}

void shared_mask_gradient(const MaskGradients& wanted, const Tensor& dz, const Tensor& z,
                          const MaskPass& pass, const MaskState& state, SharedRows& shared) {
  // weight, dw, dw': k 1 1 C
  const Tensor &x = pass.x, &weight = state.weight.value();
  const Lens& lens = pass.lens;
  Backend& machine = x.machine();
  const Index c = x.shape().c;
  // As if the statistics were constants, and the masks' gradients from this segment alone
  const Tensor dw(machine, weight.shape(), weight.dtype()),
      db(machine, weight.shape(), weight.dtype());
  machine.mask_gradient({wanted.x, wanted.residual, {dw}, {db}, wanted.code}, dz, z, pass, false);
  if (wanted.weight.to) machine.scale(wanted.weight, dw, 1);
  if (wanted.bias.to) machine.scale(wanted.bias, db, 1);
  if (!wanted.x.to) return;
  // With h = γ·g:  Σ h x̂ = Σ_j w_j dw_j  and  Σ h = Σ_j w_j dw'_j  over this shard's rows
  const Tensor own = row(x, 2 * c, 0), products(machine, dw.shape(), dw.dtype());
  const Tensor sum(machine, {1, 1, 1, c}, dw.dtype());
  for (const auto& [gradient, first] : {std::pair{dw, Index{0}}, {db, c}}) {
    machine.multiply({products}, weight, gradient);
    machine.sum_to({sum}, products, 1);
    machine.copy(own.channels(first, c), sum);
  }
  // Every shard's loss is a mean over its own images, and the batch's the mean weighed by shares:
  // mean(h x̂) and mean(h) over all rows, in units of this shard's loss
  const Tensor means = weighed(shared.all(own), shared);
  machine.scale({means}, means, 1 / static_cast<double>(x.shape().rows()));
  // dx_r = s (h_r − mean(h) − x̂_r mean(h x̂)), of which s h_r is there, with x̂ = s (x − μ):
  // A = −s² mean(h x̂),  B = −s mean(h) − A μ
  const Tensor a = row(x, c, 0), b = row(x, c, 0), a_mu = row(x, c, 0);
  machine.multiply({a}, lens.inverse, means.channels(0, c));
  machine.multiply({b}, lens.inverse, means.channels(c, c));
  machine.multiply({a_mu}, a, lens.inverse);
  machine.scale({a}, a_mu, -1);
  machine.multiply({a_mu}, a, lens.mean);
  machine.add(b, b, a_mu);
  machine.scale({b}, b, -1);
  machine.affine({wanted.x.to, true}, x, a, b);
}

}  // namespace robmask
