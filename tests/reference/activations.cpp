#include <cmath>
#include <numbers>

#include "tests/reference/view.h"

namespace robmask {

namespace {

using Kind = Activation::Kind;

double normal_density(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi); }
double normal_sum(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }
double sigmoid(double x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}
double clamped(double x, double low, double high) { return std::max(low, std::min(high, x)); }

double value_of(const Activation& f, double x) {
  switch (f.kind) {
    case Kind::leaky_relu: return x > 0 ? x : f.a * x;
    case Kind::sigmoid: return sigmoid(x);
    case Kind::hard_sigmoid: return clamped(f.a * x + f.b, 0, 1);
    case Kind::silu: return x * sigmoid(x);
    case Kind::hard_swish: return x * clamped(x / 6 + 0.5, 0, 1);
    case Kind::gelu: return x * normal_sum(x);
    case Kind::gelu_tanh: {
      const double u = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
      return x * sigmoid(2 * u);
    }
    case Kind::softplus: return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
    case Kind::tanh: return std::tanh(x);
    case Kind::elu: return x > 0 ? x : f.a * std::expm1(x);
    case Kind::clip: return clamped(x, f.a, f.b);
    case Kind::exp: return std::exp(x);
    case Kind::log: return std::log(x);
    case Kind::sqrt: return std::sqrt(x);
    case Kind::power: return std::pow(x, f.a);
    case Kind::erf: return std::erf(x);
    case Kind::abs: return std::abs(x);
  }
  return NAN;
}

double slope_of(const Activation& f, double x) {
  switch (f.kind) {
    case Kind::leaky_relu: return x > 0 ? 1 : f.a;
    case Kind::sigmoid: return sigmoid(x) * sigmoid(-x);
    case Kind::hard_sigmoid: return 0 < f.a * x + f.b && f.a * x + f.b < 1 ? f.a : 0;
    case Kind::silu: return sigmoid(x) + x * sigmoid(x) * sigmoid(-x);
    case Kind::hard_swish: return x < -3 ? 0 : x > 3 ? 1 : x / 3 + 0.5;
    case Kind::gelu: return normal_sum(x) + x * normal_density(x);
    case Kind::gelu_tanh: {
      const double u = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
      const double du = std::sqrt(2 / std::numbers::pi) * (1 + 3 * 0.044715 * x * x);
      return sigmoid(2 * u) + 2 * x * du * sigmoid(2 * u) * sigmoid(-2 * u);
    }
    case Kind::softplus: return sigmoid(x);
    case Kind::tanh: return 1 / (std::cosh(x) * std::cosh(x));
    case Kind::elu: return x > 0 ? 1 : f.a * std::exp(x);
    case Kind::clip: return f.a <= x && x <= f.b ? 1 : 0;
    case Kind::exp: return std::exp(x);
    case Kind::log: return 1 / x;
    case Kind::sqrt: return 1 / (2 * std::sqrt(x));
    case Kind::power: return f.a == 0 ? 0 : f.a * std::pow(x, f.a - 1);
    case Kind::erf: return 2 / std::sqrt(std::numbers::pi) * std::exp(-x * x);
    case Kind::abs: return x > 0 ? 1 : x < 0 ? -1 : 0;
  }
  return NAN;
}

}  // namespace

void ReferenceBackend::activate(Tensor y, Tensor x, const Activation& f) {
  dispatch_map(y.dtype(), [&]<class T>() {
    const View<T> out(y), in(x);
    for_each(y.shape(), [&](auto... at) { out(at...) = static_cast<T>(value_of(f, in(at...))); });
  });
}

void ReferenceBackend::activate_gradient(Sink dx, Tensor dy, Tensor x, const Activation& f) {
  dispatch_map(dy.dtype(), [&]<class T>() {
    const SinkView<T> out(dx);
    const View<T> g(dy), in(x);
    for_each(dy.shape(), [&](auto... at) { out.put(at..., g(at...) * slope_of(f, in(at...))); });
  });
}

}  // namespace robmask
