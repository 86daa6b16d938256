#pragma once
// The exponential of negative numbers and what is made of it, for activations and softmax. In f32
// they are polynomials without branches or calls, so that compilers turn loops over them into
// vectors. Each polynomial is the one of its degree with about the least greatest error; what is
// made of them is exact to 3 units in the last place (tests/primitives/activations_test.cpp).

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "engine/host_device.h"

namespace robmask {

/// `yes` or `no`, on their bits: of a choice between numbers compilers make a branch, lest they
/// compute what might trap, and no vectors.
template <class R>
ROBMASK_HOST_DEVICE R choose(bool condition, R yes, R no) {
  using Bits = std::conditional_t<sizeof(R) == 4, std::uint32_t, std::uint64_t>;
  const Bits mask = -static_cast<Bits>(condition);
  return std::bit_cast<R>((std::bit_cast<Bits>(yes) & mask) | (std::bit_cast<Bits>(no) & ~mask));
}

/// c₀ + c₁·x + c₂·x² + …
template <class... C>
ROBMASK_HOST_DEVICE constexpr float polynomial(float x, float c, C... higher) {
  if constexpr (sizeof...(higher) == 0)
    return c;
  else
    return polynomial(x, higher...) * x + c;
}

/// (e^r − 1 − r) / r² for |r| ≤ ln 2 / 2
ROBMASK_HOST_DEVICE inline float exponential_rest(float r) {
  return polynomial(r, 0.49999994f, 0.1666652f, 0.041668393f, 0.008368781f, 0.0013814466f);
}

/// e^x for x ≤ 0; below −87.3, where floats lose precision, 0.
ROBMASK_HOST_DEVICE inline float decay(float x) {
  // e^x = 2^n·e^r with n = round(x / ln 2), which is in the low bits of x / ln 2 + 1.5·2²³
  constexpr float shift = 12582912.0f;
  const float shifted = x * 1.44269504f + shift, n = shifted - shift;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  const std::uint32_t exponent = std::bit_cast<std::uint32_t>(shifted) + 127u;
  const float power = std::bit_cast<float>(exponent << 23);
  const float e = (r * r * exponential_rest(r) + r + 1.0f) * power;
  return choose(x < -87.3f, 0.0f, e);  // a NaN comes through
}
ROBMASK_HOST_DEVICE inline double decay(double x) { return std::exp(x); }

/// e^x − 1 for x ≤ 0
ROBMASK_HOST_DEVICE inline float decay_minus_one(float x) {
  return choose(x > -0.34f, x + x * x * exponential_rest(x), decay(x) - 1.0f);
}
ROBMASK_HOST_DEVICE inline double decay_minus_one(double x) { return std::expm1(x); }

/// log(1 + x) for 0 ≤ x ≤ 1
ROBMASK_HOST_DEVICE inline float log_one_plus(float x) {
  return x + x * x *
                 polynomial(x, -0.4999994f, 0.3333077f, -0.24961475f, 0.19710855f, -0.15401165f,
                            0.10759553f, -0.058455408f, 0.020630384f, -0.0034137883f);
}
ROBMASK_HOST_DEVICE inline double log_one_plus(double x) { return std::log1p(x); }

ROBMASK_HOST_DEVICE inline float hyperbolic_tangent(float x) {
  const float square = x * x, e = decay(-2.0f * std::fabs(x)), far = (1.0f - e) / (1.0f + e);
  const float near = x + x * square *
                             polynomial(square, -0.33333328f, 0.13332793f, -0.053853914f,
                                        0.021009551f, -0.006112586f);
  return choose(std::fabs(x) < 0.625f, near, choose(x < 0.0f, -far, far));
}
ROBMASK_HOST_DEVICE inline double hyperbolic_tangent(double x) { return std::tanh(x); }

/// erfc(t) for t ≥ 0, where `bell` is e^(−t²).
ROBMASK_HOST_DEVICE inline float error_beyond(float t, float bell) {
  // bell·u·q(v) with u = 1 / (1 + t/2) and v = 1 − u; for t ≤ 11, beyond which bell is 0
  const float u = 1.0f / (1.0f + 0.5f * t), v = 1.0f - u;
  return bell * u *
         polynomial(v, 1.0f, -1.2567551f, 0.48632142f, 0.21412858f, -0.11594364f, -0.02996641f,
                    -0.14033426f, 0.18208432f, -0.05744598f);
}

ROBMASK_HOST_DEVICE inline float error_function(float x) {
  const float square = x * x, far = 1.0f - error_beyond(std::fabs(x), decay(-square));
  const float near = x + x * polynomial(square, 0.12837917f, -0.37612626f, 0.112836f, -0.026854444f,
                                        0.005189535f, -0.0008020841f, 7.8891186e-05f);
  return choose(std::fabs(x) < 1.0f, near, choose(x < 0.0f, -far, far));
}
ROBMASK_HOST_DEVICE inline double error_function(double x) { return std::erf(x); }

/// Φ(x), the chance that a normal number is below x; `bell` is e^(−x²/2), which who needs a slope
/// has.
ROBMASK_HOST_DEVICE inline float normal_below(float x, float bell) {
  const float tail = 0.5f * error_beyond(std::fabs(x) * 0.70710678f, bell);
  return choose(x > 0.0f, 1.0f - tail, tail);
}
ROBMASK_HOST_DEVICE inline double normal_below(double x, double) {
  return 0.5 * std::erfc(x * -0.70710678118654752440);
}

}  // namespace robmask
