// The mask z = [relu]( γ·x̂ + β [+ residual] ), x̂ = (x − μ)/√(σ² + eps), and what belongs to it.

#include <cmath>

#include "tests/reference/view.h"

namespace robmask {

namespace {

/// Mean and biased variance of a channel over all rows.
template <class T>
std::pair<double, double> statistics_of(const Tensor& x, Index c) {
  const View<T> in(x);
  const Shape channel = x.shape().with_channels(1);
  const double rows = x.shape().rows();
  double sum = 0, squares = 0;
  for_each(channel, [&](Index n, Index h, Index w, Index) { sum += in(n, h, w, c); });
  for_each(channel, [&](Index n, Index h, Index w, Index) {
    squares += std::pow(in(n, h, w, c) - sum / rows, 2);
  });
  return {sum / rows, squares / rows};
}

}  // namespace

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

void ReferenceBackend::make_lens(const Lens& lens, const MaskSource& from) {
  const DType maps = from.x ? from.x.dtype() : lens.scale.dtype();
  dispatch_map(maps, [&]<class Stored>() {
    using T = Real<Stored>;
    const View<T> mean(lens.mean), inverse(lens.inverse), scale(lens.scale), shift(lens.shift);
    const auto blended = [](const Tensor& code, const Tensor& table, Index n, Index c) {
      const View<T> u(code), rows(table);
      double sum = code ? 0 : rows.row(0, c);
      for (Index j = 0; code && j < table.shape().n; ++j)
        sum += static_cast<double>(u.row(n, j)) * rows.row(j, c);
      return sum;
    };
    for (Index c = 0; c < lens.scale.shape().c; ++c) {
      const auto batch = from.x ? statistics_of<Stored>(from.x, c) : std::pair(0.0, 0.0);
      for (Index n = 0; n < lens.scale.shape().n; ++n) {
        const double mu = from.x ? batch.first : blended(from.pair_code, from.mean, n, c);
        const double var = from.x ? batch.second : blended(from.pair_code, from.variance, n, c);
        const double deviation = std::sqrt(var + from.eps);
        const double gamma = blended(from.code, from.weight, n, c);
        scale.row(n, c) = static_cast<T>(gamma / deviation);
        shift.row(n, c) =
            static_cast<T>(blended(from.code, from.bias, n, c) - mu * gamma / deviation);
        mean.row(n, c) = static_cast<T>(mu);
        inverse.row(n, c) = static_cast<T>(1 / deviation);
      }
      if (const Running& r = from.running; r.mean) {
        const double rows = from.x.shape().rows(), unbiased = rows / (rows - 1);
        T &m = View<T>(r.mean).row(0, c), &v = View<T>(r.variance).row(0, c);
        m = static_cast<T>((1 - r.momentum) * m + r.momentum * batch.first);
        v = static_cast<T>((1 - r.momentum) * v + r.momentum * unbiased * batch.second);
      }
    }
    if (from.running.tracked) *from.running.tracked.data<std::int64_t>() += 1;
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
//   dw_j = Σ_n u_nj B_n, dw'_j = Σ_n u_nj A_n, dresidual = g, and dx = a_n·g for given statistics,
//   dx = a_n·g − Σ_n a_n·A_n / R − x̂ · Σ_n a_n·B_n / R for those of the batch.
void ReferenceBackend::mask_gradient(const MaskGradients& wanted, Tensor dz, Tensor z,
                                     const MaskPass& pass, bool batch_statistics) {
  dispatch_map(dz.dtype(), [&]<class T>() {
    const Shape& s = dz.shape();
    using R = Real<T>;
    const View<T> dout(dz), forward(z), x(pass.x);
    const View<R> mu(pass.lens.mean), inverse(pass.lens.inverse), scale(pass.lens.scale);
    const View<R> u(wanted.code);
    const SinkView<R> dweight(wanted.weight), dbias(wanted.bias);
    const SinkView<T> dx(wanted.x), dresidual(wanted.residual);
    const auto g = [&](Index n, Index h, Index w, Index c) {
      return pass.relu && !(forward(n, h, w, c) > 0) ? 0.0 : dout(n, h, w, c);
    };
    const auto normal = [&](Index n, Index h, Index w, Index c) {
      return x ? (static_cast<double>(x(n, h, w, c)) - mu.row(n, c)) * inverse.row(n, c) : 0.0;
    };
    for (Index c = 0; c < s.c; ++c) {
      double sum_a = 0, sum_b = 0;  // Σ a_n·A_n and Σ a_n·B_n
      std::vector<double> dw(wanted.code ? wanted.code.shape().c : 0), db(dw);
      for (Index n = 0; n < s.n; ++n) {
        double a = 0, b = 0;
        for_each_pixel(s, [&](Index h, Index w) {
          a += g(n, h, w, c);
          b += g(n, h, w, c) * normal(n, h, w, c);
        });
        sum_a += scale.row(n, c) * a;
        sum_b += scale.row(n, c) * b;
        for (std::size_t j = 0; j < dw.size(); ++j) {
          dw[j] += u.row(n, static_cast<Index>(j)) * b;
          db[j] += u.row(n, static_cast<Index>(j)) * a;
        }
      }
      for (std::size_t j = 0; j < dw.size(); ++j) {
        if (wanted.weight.to) dweight.put(static_cast<Index>(j), 0, 0, c, dw[j]);
        if (wanted.bias.to) dbias.put(static_cast<Index>(j), 0, 0, c, db[j]);
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
