#pragma once
// A linear network, whose robust accuracy is known exactly: an image stands if no class gains more
// on its own, over the ball cut with [0,1], than its margin.

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "attacks/losses.h"
#include "engine/backend.h"
#include "engine/random.h"

namespace robmask::linear_model {

inline constexpr Index size = 6, channels = 3, elements = size * size * channels, images = 40;

inline double uniform(std::uint32_t stream, Index i) {
  return random_uniform<double>({.seed = 5, .image = stream}, static_cast<std::uint32_t>(i));
}

/// `classes` planes, and images classified by the largest.
struct Linear {
  Index classes;
  std::vector<double> weights, pixels;  // [element][class], [image][element]
  std::vector<std::int32_t> labels;

  /// Pixels in [low, 1 − low].
  Linear(Index number, double low) : classes(number) {
    for (Index i = 0; i < elements * classes; ++i) weights.push_back(2 * uniform(1, i) - 1);
    for (Index i = 0; i < images * elements; ++i)
      pixels.push_back(low + (1 - 2 * low) * uniform(2, i));
    for (Index n = 0; n < images; ++n) {
      std::vector<double> z(classes);
      for (Index i = 0; i < elements; ++i)
        for (Index c = 0; c < classes; ++c) z[c] += weight(i, c) * pixels[n * elements + i];
      labels.push_back(static_cast<std::int32_t>(predicted(z)));
    }
  }
  double weight(Index element, Index c) const { return weights[element * classes + c]; }

  /// The largest margin of another class that the ball around image n holds: positive if it can be
  /// broken. L2 needs a ball that lies inside [0,1].
  double worst_margin(Index n, Norm norm, double eps) const {
    double worst = -1e300;
    for (Index c = 0; c < classes; ++c) {
      if (c == labels[n]) continue;
      double margin = 0, gain = 0, squares = 0;
      for (Index i = 0; i < elements; ++i) {
        const double x = pixels[n * elements + i], w = weight(i, c) - weight(i, labels[n]);
        margin += w * x;
        gain += w > 0 ? w * (std::min(x + eps, 1.0) - x) : w * (std::max(x - eps, 0.0) - x);
        squares += w * w;
      }
      worst = std::max(worst, margin + (norm == Norm::linf ? gain : eps * std::sqrt(squares)));
    }
    return worst;
  }
  /// The length of the least L2 perturbation that reaches another class, if it stays inside [0,1].
  double least_length(Index n) const {
    double least = 1e300;
    for (Index c = 0; c < classes; ++c) {
      if (c == labels[n]) continue;
      double margin = 0, squares = 0;
      for (Index i = 0; i < elements; ++i) {
        const double w = weight(i, c) - weight(i, labels[n]);
        margin -= w * pixels[n * elements + i];
        squares += w * w;
      }
      least = std::min(least, margin / std::sqrt(squares));
    }
    return least;
  }
  double margin_at(Index n, const std::vector<double>& x) const {
    std::vector<double> z(classes), unused(classes);
    for (Index i = 0; i < elements; ++i)
      for (Index c = 0; c < classes; ++c) z[c] += weight(i, c) * x[i];
    return margin(z, labels[n], -1, unused);
  }
  std::set<std::int32_t> breakable(Norm norm, double eps) const {
    std::set<std::int32_t> list;
    for (Index n = 0; n < images; ++n)
      if (worst_margin(n, norm, eps) > 0) list.insert(static_cast<std::int32_t>(n));
    return list;
  }
};

/// An eps at which exactly half of the images can be broken, midway to where one more can.
inline double dividing_eps(const Linear& model, Norm norm) {
  const auto least = [&](std::size_t count) {
    double low = 0, high = 1;
    for (int i = 0; i < 40; ++i) {
      const double middle = (low + high) / 2;
      (model.breakable(norm, middle).size() >= count ? high : low) = middle;
    }
    return high;
  };
  return (least(images / 2) + least(images / 2 + 1)) / 2;
}

}  // namespace robmask::linear_model
