#pragma once
// Division by a number that all threads share: a multiplication and a shift in place of some twenty
// instructions (Granlund & Montgomery, "Division by Invariant Integers using Multiplication",
// 1994).

#include <bit>

#include "engine/cuda/gpu.h"

namespace robmask::cuda {

/// n / d for 0 ≤ n < 2³¹ and 1 ≤ d < 2³¹: with s = ⌈log₂ d⌉ and m = ⌊2³²(2ˢ − d)/d⌋ + 1,
/// n / d = (⌊n·m / 2³²⌋ + n) / 2ˢ.
class Divisor {
 public:
  Divisor() = default;
  explicit Divisor(Index divisor)
      : divisor_(static_cast<unsigned>(divisor)), shift_(std::bit_width(divisor_ - 1)) {
    expect(divisor > 0 && divisor < Index{1} << 31, "a division by {} on the GPU", divisor);
    factor_ = static_cast<unsigned>(
        ((std::uint64_t{1} << 32) * ((std::uint64_t{1} << shift_) - divisor_)) / divisor_ + 1);
  }

  GPU_DEVICE int quotient(int n) const {
    const auto dividend = static_cast<unsigned>(n);
    const auto high = static_cast<unsigned>((std::uint64_t{dividend} * factor_) >> 32);
    return static_cast<int>((high + dividend) >> shift_);
  }
  GPU_DEVICE int remainder(int n, int quotient) const {
    return n - quotient * static_cast<int>(divisor_);
  }

 private:
  unsigned divisor_ = 1, factor_ = 1;
  int shift_ = 0;
};

}  // namespace robmask::cuda
