#pragma once
// Statistics of a batch, of which masks are made.

#include "engine/cpu/cpu_backend.h"

namespace robmask::ROBMASK_ISA {

/// {1,1,1,C} each, of x's type.
struct Statistics {
  Tensor mean, variance;
};

/// Mean and biased variance of each channel over all rows of x.
Statistics statistics_of(const Tensor& x);
/// Moves running statistics towards those of a batch of so many rows, more than one.
void follow(const Running& running, const Statistics& batch, Index rows);

}  // namespace robmask::ROBMASK_ISA
