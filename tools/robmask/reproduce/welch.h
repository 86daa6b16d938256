#pragma once
// How sure a difference of two means is, from few repetitions of each.

#include "engine/shape.h"

namespace robmask::reproduce {

/// A sample of n ≥ 2 numbers: its standard deviation.
struct Spread {
  double std;
  Index n;
};

/// Half of the 95 % interval of the difference of two means whose deviations may differ (Welch 1947).
double welch_half_width(const Spread& a, const Spread& b);

/// The t with P(|T| ≤ t) = 0.95 for Student's T with that many degrees of freedom, not necessarily whole.
double student_95(double degrees);

}  // namespace robmask::reproduce
