#pragma once
// bfloat16: the upper half of a float, with its range and 8 bits of its precision. Only for
// storage: sums and products are of floats.

#include <bit>
#include <cstdint>

#include "engine/host_device.h"

namespace robmask {

struct bf16 {
  std::uint16_t bits;

  bf16() = default;
  /// Rounds to the nearest, ties to even; a NaN stays one.
  ROBMASK_HOST_DEVICE explicit bf16(float x) {
    const auto word = std::bit_cast<std::uint32_t>(x);
    const bool nan = (word & 0x7fffffffu) > 0x7f800000u;
    const std::uint32_t rounded = word + 0x7fffu + (word >> 16 & 1u);
    bits = static_cast<std::uint16_t>(nan ? word >> 16 | 0x40u : rounded >> 16);
  }
  ROBMASK_HOST_DEVICE operator float() const {
    return std::bit_cast<float>(std::uint32_t{bits} << 16);
  }
};

}  // namespace robmask
