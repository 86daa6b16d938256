#pragma once
// The exponential of negative numbers and what is made of it, for activations and softmax. In f32 it
// is a polynomial without branches or calls, so that compilers turn loops over it into vectors.

#include <bit>
#include <cmath>
#include <cstdint>

#include "engine/host_device.h"

namespace robmask {

/// e^x for x ≤ 0, to 2 units in the last place; below −87.3, where floats lose precision, 0.
ROBMASK_HOST_DEVICE inline float decay(float x) {
  // e^x = 2^n·e^r with n = round(x / ln 2), which is in the low bits of x / ln 2 + 1.5·2²³, and
  // e^r = 1 + r + r²·q(r) where |r| ≤ ln 2 / 2, q of least greatest error.
  constexpr float shift = 12582912.0f;
  const float shifted = x * 1.44269504f + shift, n = shifted - shift;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float q = 0.0013814466f;
  q = q * r + 0.008368781f;
  q = q * r + 0.041668393f;
  q = q * r + 0.1666652f;
  q = q * r + 0.49999994f;
  const std::uint32_t exponent = std::bit_cast<std::uint32_t>(shifted) + 127u;
  const float power = std::bit_cast<float>(exponent << 23);
  const float e = (r * r * q + r + 1.0f) * power;
  return x < -87.3f ? 0.0f : e;  // a NaN comes through
}
ROBMASK_HOST_DEVICE inline double decay(double x) { return std::exp(x); }

/// Φ(x), the chance that a normal number is below x, to a few units in the last place of 1.
ROBMASK_HOST_DEVICE inline float normal_below(float x) {
  // erfc(t) = u·e^(−t² + v·p(v)) for t ≥ 0, u = 1 / (1 + t/2) and v = 1 − u = u·t/2 (the form is that
  // of "erfcc" in Numerical Recipes); p is a fit for t ≤ 11, beyond which floats are 0.
  const float t = std::fabs(x) * 0.70710678f, u = 1.0f / (1.0f + 0.5f * t), v = u * (0.5f * t);
  float p = -0.1341271996498108f;
  p = p * v + 0.579384982585907f;
  p = p * v - 0.8522449731826782f;
  p = p * v + 0.44224828481674194f;
  p = p * v - 0.13078665733337402f;
  p = p * v + 0.23295018076896667f;
  p = p * v + 0.1568942815065384f;
  p = p * v - 0.30300188064575195f;
  p = p * v - 1.2567617893218994f;
  const float tail = 0.5f * u * decay(v * p - 0.5f * (x * x));
  return x > 0.0f ? 1.0f - tail : tail;
}
ROBMASK_HOST_DEVICE inline double normal_below(double x) {
  return 0.5 * std::erfc(x * -0.70710678118654752440);
}

}  // namespace robmask
