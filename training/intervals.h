#pragma once
// How sure a measured accuracy is.

#include <array>

#include "engine/shape.h"

namespace robmask {

/// The 95 % Wilson score interval (z = 1.959964) of `hits` successes in `n` trials; {0, 1} for n = 0.
std::array<double, 2> wilson_interval(Index hits, Index n);

/// The exact two-sided McNemar test of two classifiers on the same images: `only_first` and
/// `only_second` count the images that only one of them gets right. The chance of a split at least as
/// uneven if both were equally good.
double mcnemar(Index only_first, Index only_second);

}  // namespace robmask
