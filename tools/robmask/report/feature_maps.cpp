#include "tools/robmask/report/feature_maps.h"

#include <algorithm>

namespace robmask {

FeatureMaps::FeatureMaps(const Shape& whole, const std::function<double(Index, Index, Index)>& at)
    : shape(whole), means(whole.c), brightest(whole.c) {
  const Index edge = std::min(shape.h, shape.w) > 2 ? 1 : 0;
  shape.h -= 2 * edge;
  shape.w -= 2 * edge;
  for (Index c = 0; c < shape.c; ++c)
    for (Index y = 0; y < shape.h; ++y)
      for (Index x = 0; x < shape.w; ++x) {
        const double value = at(c, y + edge, x + edge);
        values.push_back(value);
        means[c] += value / static_cast<double>(shape.pixels());
        brightest[c] = std::max(brightest[c], value);
      }
}

std::vector<double> FeatureMaps::map(Index channel, double white) const {
  const auto first = values.begin() + channel * shape.pixels();
  std::vector<double> pixels(first, first + shape.pixels());
  for (double& pixel : pixels) pixel = white > 0 ? pixel / white : 0;
  return pixels;
}

Fate fate_of(double before, double after) {
  if (after == 0) return before == 0 ? Fate::dead : Fate::blocked;
  if (after >= 2 * before) return Fate::magnified;
  return after <= before / 2 ? Fate::weakened : Fate::kept;
}

}  // namespace robmask
