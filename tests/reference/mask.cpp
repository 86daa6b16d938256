// The mask z = [relu]( γ·x̂ + β [+ residual] ), x̂ = (x − μ)/√(σ² + eps), and what belongs to it.

#include <cmath>

#include "tests/reference/view.h"

namespace robmask {

void ReferenceBackend::statistics(Tensor mean, Tensor variance, Tensor x, const Moments&) {
  dispatch_map(x.dtype(), [&]<class T>() {
    using R = Real<T>;
    const View<T> in(x);
    const View<R> mu(mean), var(variance);
    const double rows = x.shape().rows();
    for (Index c = 0; c < x.shape().c; ++c) {
      const Shape channel = x.shape().with_channels(1);
      double sum = 0, squares = 0;
      for_each(channel, [&](Index n, Index h, Index w, Index) { sum += in(n, h, w, c); });
      for_each(channel, [&](Index n, Index h, Index w, Index) {
        squares += std::pow(in(n, h, w, c) - sum / rows, 2);
      });
      mu.row(0, c) = static_cast<R>(sum / rows);
      var.row(0, c) = static_cast<R>(squares / rows);
    }
  });
}

void ReferenceBackend::update_running(Tensor running_mean, Tensor running_variance, Tensor tracked,
                                      Tensor mean, Tensor variance, Index count, double momentum) {
  dispatch(mean.dtype(), [&]<class T>() {
    const View<T> run_mean(running_mean), run_var(running_variance), mu(mean), var(variance);
    const double unbiased = static_cast<double>(count) / static_cast<double>(count - 1);
    for (Index c = 0; c < mean.shape().c; ++c) {
      T &m = run_mean.row(0, c), &v = run_var.row(0, c);
      m = static_cast<T>((1 - momentum) * m + momentum * mu.row(0, c));
      v = static_cast<T>((1 - momentum) * v + momentum * unbiased * var.row(0, c));
    }
    *tracked.data<std::int64_t>() += 1;
  });
}

void ReferenceBackend::blend(Tensor out, Tensor code, Tensor table) {
  dispatch(out.dtype(), [&]<class T>() {
    const View<T> gamma(out), u(code), masks(table);
    for_each(out.shape(), [&](Index n, Index, Index, Index c) {
      double sum = 0;
      for (Index j = 0; j < table.shape().n; ++j)
        sum += static_cast<double>(u.row(n, j)) * masks.row(j, c);
      gamma.row(n, c) = static_cast<T>(sum);
    });
  });
}

void ReferenceBackend::blend_gradient(Sink dtable, Tensor dout, Tensor code) {
  dispatch(dout.dtype(), [&]<class T>() {
    const SinkView<T> dmasks(dtable);
    const View<T> dgamma(dout), u(code);
    for_each(dtable.to.shape(), [&](Index j, Index, Index, Index c) {
      double sum = 0;
      for (Index n = 0; n < dout.shape().n; ++n)
        sum += static_cast<double>(u.row(n, j)) * dgamma.row(n, c);
      dmasks.put(j, 0, 0, c, sum);
    });
  });
}

void ReferenceBackend::make_lens(const Lens& lens, const MaskSource& from) {
  dispatch(lens.scale.dtype(), [&]<class T>() {
    const View<T> mean(lens.mean), inverse(lens.inverse), scale(lens.scale), shift(lens.shift);
    const auto blended = [](const Tensor& code, const Tensor& table, Index n, Index c) {
      const View<T> u(code), rows(table);
      double sum = code ? 0 : rows.row(0, c);
      for (Index j = 0; code && j < table.shape().n; ++j)
        sum += static_cast<double>(u.row(n, j)) * rows.row(j, c);
      return sum;
    };
    for_each(lens.scale.shape(), [&](Index n, Index, Index, Index c) {
      const double mu = blended(from.pair_code, from.mean, n, c);
      const double deviation = std::sqrt(blended(from.pair_code, from.variance, n, c) + from.eps);
      const double gamma = blended(from.code, from.weight, n, c);
      scale.row(n, c) = static_cast<T>(gamma / deviation);
      shift.row(n, c) =
          static_cast<T>(blended(from.code, from.bias, n, c) - mu * gamma / deviation);
      mean.row(n, c) = static_cast<T>(mu);
      inverse.row(n, c) = static_cast<T>(1 / deviation);
    });
  });
}

void ReferenceBackend::mask(Tensor z, const MaskPass& pass) {
  dispatch_map(z.dtype(), [&]<class T>() {
    const View<T> out(z), x(pass.x), residual(pass.residual);
    const View<Real<T>> scale(pass.lens.scale), shift(pass.lens.shift);
    for_each(z.shape(), [&](Index n, Index h, Index w, Index c) {
      double value = static_cast<double>(scale.row(n, c)) * x(n, h, w, c) + shift.row(n, c);
      if (residual) value += residual(n, h, w, c);
      out(n, h, w, c) = static_cast<T>(pass.relu && value < 0 ? 0 : value);
    });
  });
}

// g = dz·[z > 0], x̂ = (x − μ)·s, a_n = γ_n·s, A_n = Σ_pixels g, B_n = Σ_pixels g·x̂, R rows in
// all:
//   dβ_n = A_n, dγ_n = B_n, dresidual = g, and dx = a_n·g for given statistics,
//   dx = a_n·g − Σ_n a_n·A_n / R − x̂ · Σ_n a_n·B_n / R for those of the batch.
void ReferenceBackend::mask_gradient(const MaskGradients& wanted, Tensor dz, Tensor z,
                                     const MaskPass& pass, bool batch_statistics) {
  dispatch_map(dz.dtype(), [&]<class T>() {
    const Shape& s = dz.shape();
    using R = Real<T>;
    const View<T> dout(dz), forward(z), x(pass.x);
    const View<R> mu(pass.lens.mean), inverse(pass.lens.inverse), scale(pass.lens.scale);
    const View<R> dgamma(wanted.gamma), dbeta(wanted.beta);
    const SinkView<T> dx(wanted.x), dresidual(wanted.residual);
    const auto g = [&](Index n, Index h, Index w, Index c) {
      return pass.relu && !(forward(n, h, w, c) > 0) ? 0.0 : dout(n, h, w, c);
    };
    const auto normal = [&](Index n, Index h, Index w, Index c) {
      return x ? (static_cast<double>(x(n, h, w, c)) - mu.row(n, c)) * inverse.row(n, c) : 0.0;
    };
    for (Index c = 0; c < s.c; ++c) {
      double sum_a = 0, sum_b = 0;  // Σ a_n·A_n and Σ a_n·B_n
      for (Index n = 0; n < s.n; ++n) {
        double a = 0, b = 0;
        for_each_pixel(s, [&](Index h, Index w) {
          a += g(n, h, w, c);
          b += g(n, h, w, c) * normal(n, h, w, c);
        });
        sum_a += scale.row(n, c) * a;
        sum_b += scale.row(n, c) * b;
        if (dbeta) dbeta(n, 0, 0, c) = static_cast<R>(a);
        if (dgamma) dgamma(n, 0, 0, c) = static_cast<R>(b);
      }
      for_each(s.with_channels(1), [&](Index n, Index h, Index w, Index) {
        double d = scale.row(n, c) * g(n, h, w, c);
        if (batch_statistics) d -= (sum_a + normal(n, h, w, c) * sum_b) / s.rows();
        dx.put(n, h, w, c, d);
        dresidual.put(n, h, w, c, g(n, h, w, c));
      });
    }
  });
}

}  // namespace robmask
