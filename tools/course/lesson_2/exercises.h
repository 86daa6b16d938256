#pragma once
// Exercises of docs/course/2-tape.md.

#include <functional>
#include <vector>

#include "engine/variable.h"

namespace robmask::course {

/// 2.1  y = ½ Σ (a − b)², a scalar {1,1,1,1}, over all elements of a and b, which have one shape and
/// one type, f32 or f64. Differentiable in both: da = dy·(a − b), db = −dy·(a − b). A tape that hears
/// one of them only gets the gradient of that one only. The values of a and b stay as they are.
Variable half_squared_distance(const Variable& a, const Variable& b);

/// 2.2  The derivative of f(), a scalar, by each element i of `x`, f64 and contiguous, from both
/// sides: ( f with x_i + h − f with x_i − h ) / 2h. In the order of memory. f() reads the value of x
/// and is called twice for each element; afterwards the value of x has the same bits as before.
std::vector<double> central_differences(const Variable& x, const std::function<Variable()>& f,
                                        double h);

}  // namespace robmask::course
