#pragma once
// How sure a measured accuracy, or a difference of two, is.

#include <array>

#include "engine/shape.h"

namespace robmask {

/// The 95 % Wilson score interval (z = 1.959964) of `hits` successes in `n` trials; {0, 1} for n =
/// 0. The lower end of no hits is 0, and the upper end of n hits is 1, exactly.
std::array<double, 2> wilson_interval(Index hits, Index n);

/// McNemar's exact test (1947) of two accuracies on the same images: the chance, if both were
/// equally good, that the images on which just one is right split at least as unevenly as
/// `first_only` to `second_only`.
double mcnemar_p_value(Index first_only, Index second_only);

}  // namespace robmask
