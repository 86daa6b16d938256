#pragma once
// The activations: value(x) and slope(x), its derivative, in R = float or double. Machines share
// them; the tests' reference has its own. No constant or intermediate of a double passes through
// float, nothing overflows that need not, and a NaN comes through.

#include <cmath>

#include "engine/activation.h"
#include "engine/exponential.h"

namespace robmask::formulas {

// ---- pieces -------------------------------------------------------------------------------------

template <class R>
ROBMASK_HOST_DEVICE R between(R low, R x, R high) {
  return x < low ? low : x > high ? high : x;
}

/// 1 / (1 + e^−x)
template <class R>
ROBMASK_HOST_DEVICE R logistic(R x) {
  const R e = decay(-std::fabs(x)), half = R(1) / (R(1) + e);
  return x < R(0) ? e * half : half;
}
/// Its derivative.
template <class R>
ROBMASK_HOST_DEVICE R logistic_slope(R x) {
  const R e = decay(-std::fabs(x)), half = R(1) / (R(1) + e);
  return e * half * half;
}

// ---- formulas -----------------------------------------------------------------------------------

template <class R>
struct LeakyRelu {
  R a;
  ROBMASK_HOST_DEVICE R value(R x) const { return x > R(0) ? x : a * x; }
  ROBMASK_HOST_DEVICE R slope(R x) const { return x > R(0) ? R(1) : a; }
};

template <class R>
struct Sigmoid {
  ROBMASK_HOST_DEVICE R value(R x) const { return logistic(x); }
  ROBMASK_HOST_DEVICE R slope(R x) const { return logistic_slope(x); }
};

template <class R>
struct HardSigmoid {
  R a, b;
  ROBMASK_HOST_DEVICE R value(R x) const { return between(R(0), a * x + b, R(1)); }
  ROBMASK_HOST_DEVICE R slope(R x) const {
    const R y = a * x + b;
    return y > R(0) && y < R(1) ? a : R(0);
  }
};

template <class R>
struct Silu {
  ROBMASK_HOST_DEVICE R value(R x) const { return x * logistic(x); }
  /// σ + x·σ'
  ROBMASK_HOST_DEVICE R slope(R x) const {
    const R e = decay(-std::fabs(x)), half = R(1) / (R(1) + e), low = e * half;
    return (x < R(0) ? low : half) + x * (low * half);
  }
};

template <class R>
struct HardSwish {
  ROBMASK_HOST_DEVICE R value(R x) const {
    return x * between(R(0), x * (R(1) / R(6)) + R(0.5), R(1));
  }
  ROBMASK_HOST_DEVICE R slope(R x) const {
    const R inside = x / R(3) + R(0.5);
    return x < R(-3) ? R(0) : x > R(3) ? R(1) : inside;
  }
};

template <class R>
struct Gelu {
  ROBMASK_HOST_DEVICE R value(R x) const { return x * normal_below(x); }
  /// Φ + x·Φ'
  ROBMASK_HOST_DEVICE R slope(R x) const {
    const R density = R(0.39894228040143267794) * decay(R(-0.5) * (x * x));
    return normal_below(x) + x * density;
  }
};

/// (1 + tanh u)/2 = σ(2u)
template <class R>
struct GeluTanh {
  static constexpr R root = R(0.79788456080286535588);  // √(2/π)
  static constexpr R cubic = R(0.044715);
  ROBMASK_HOST_DEVICE static R argument(R x) { return R(2) * root * x * (R(1) + cubic * (x * x)); }
  ROBMASK_HOST_DEVICE R value(R x) const { return x * logistic(argument(x)); }
  ROBMASK_HOST_DEVICE R slope(R x) const {
    const R rise = R(2) * root * (R(1) + R(3) * cubic * (x * x));
    return logistic(argument(x)) + x * rise * logistic_slope(argument(x));
  }
};

template <class R>
struct Softplus {
  ROBMASK_HOST_DEVICE R value(R x) const {
    return (x > R(0) ? x : R(0)) + std::log1p(decay(-std::fabs(x)));
  }
  ROBMASK_HOST_DEVICE R slope(R x) const { return logistic(x); }
};

template <class R>
struct Tanh {
  ROBMASK_HOST_DEVICE R value(R x) const { return std::tanh(x); }
  ROBMASK_HOST_DEVICE R slope(R x) const { return R(4) * logistic_slope(R(2) * x); }
};

template <class R>
struct Elu {
  R a;
  ROBMASK_HOST_DEVICE R value(R x) const { return x > R(0) ? x : a * std::expm1(x); }
  ROBMASK_HOST_DEVICE R slope(R x) const { return x > R(0) ? R(1) : a * std::exp(x); }
};

template <class R>
struct Clip {
  R a, b;
  ROBMASK_HOST_DEVICE R value(R x) const { return between(a, x, b); }
  ROBMASK_HOST_DEVICE R slope(R x) const { return x >= a && x <= b ? R(1) : R(0); }
};

template <class R>
struct Exp {
  ROBMASK_HOST_DEVICE R value(R x) const { return std::exp(x); }
  ROBMASK_HOST_DEVICE R slope(R x) const { return std::exp(x); }
};

template <class R>
struct Log {
  ROBMASK_HOST_DEVICE R value(R x) const { return std::log(x); }
  ROBMASK_HOST_DEVICE R slope(R x) const { return R(1) / x; }
};

template <class R>
struct Sqrt {
  ROBMASK_HOST_DEVICE R value(R x) const { return std::sqrt(x); }
  ROBMASK_HOST_DEVICE R slope(R x) const { return R(0.5) / std::sqrt(x); }
};

template <class R>
struct Power {
  R a;
  ROBMASK_HOST_DEVICE R value(R x) const { return std::pow(x, a); }
  ROBMASK_HOST_DEVICE R slope(R x) const { return a == R(0) ? R(0) : a * std::pow(x, a - R(1)); }
};

template <class R>
struct Erf {
  ROBMASK_HOST_DEVICE R value(R x) const { return std::erf(x); }
  ROBMASK_HOST_DEVICE R slope(R x) const {
    return R(1.12837916709551257390) * decay(-(x * x));  // 2/√π·e^(−x²)
  }
};

template <class R>
struct Abs {
  ROBMASK_HOST_DEVICE R value(R x) const { return std::fabs(x); }
  ROBMASK_HOST_DEVICE R slope(R x) const { return x > R(0) ? R(1) : x < R(0) ? R(-1) : R(0); }
};

// ---- which one ----------------------------------------------------------------------------------

/// What `use` makes of the formula of f in R.
template <class R, class F>
ROBMASK_HOST_DEVICE auto with_formula(const Activation& f, F&& use) {
  const R a = static_cast<R>(f.a), b = static_cast<R>(f.b);
  switch (f.kind) {
    case Activation::Kind::leaky_relu: return use(LeakyRelu<R>{a});
    case Activation::Kind::sigmoid: return use(Sigmoid<R>{});
    case Activation::Kind::hard_sigmoid: return use(HardSigmoid<R>{a, b});
    case Activation::Kind::silu: return use(Silu<R>{});
    case Activation::Kind::hard_swish: return use(HardSwish<R>{});
    case Activation::Kind::gelu: return use(Gelu<R>{});
    case Activation::Kind::gelu_tanh: return use(GeluTanh<R>{});
    case Activation::Kind::softplus: return use(Softplus<R>{});
    case Activation::Kind::tanh: return use(Tanh<R>{});
    case Activation::Kind::elu: return use(Elu<R>{a});
    case Activation::Kind::clip: return use(Clip<R>{a, b});
    case Activation::Kind::exp: return use(Exp<R>{});
    case Activation::Kind::log: return use(Log<R>{});
    case Activation::Kind::sqrt: return use(Sqrt<R>{});
    case Activation::Kind::power: return use(Power<R>{a});
    case Activation::Kind::erf: return use(Erf<R>{});
    case Activation::Kind::abs: break;
  }
  return use(Abs<R>{});
}

template <class R>
ROBMASK_HOST_DEVICE R value_of(const Activation& f, R x) {
  return with_formula<R>(f, [x](auto formula) { return formula.value(x); });
}
template <class R>
ROBMASK_HOST_DEVICE R slope_of(const Activation& f, R x) {
  return with_formula<R>(f, [x](auto formula) { return formula.slope(x); });
}

}  // namespace robmask::formulas
