#include "tools/robmask/report/feature_maps.h"

#include <algorithm>

#include "models/first_feature_maps.h"
#include "tools/robmask/report/thumbnail.h"

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

namespace {

constexpr Index shown_maps = 64, shown_side = 32;

FeatureMaps maps_at(const Model& model, const Tensor& image, double p) {
  const Tensor z = first_feature_maps(model, image, p);  // 1 H W C
  const Shape shape = z.shape();
  const std::vector<double> values = z.to_doubles();
  return FeatureMaps(
      shape, [&](Index c, Index y, Index x) { return values[(y * shape.w + x) * shape.c + c]; });
}

/// Map by map from the top, where white[c] is white.
Picture strip(const FeatureMaps& maps, Index shown, const std::vector<double>& white) {
  Picture all;
  for (Index c = 0; c < shown; ++c) {
    const Picture one = thumbnail(maps.map(c, white[c]), maps.shape.h, maps.shape.w, shown_side);
    all.width = one.width;
    all.height += one.height;
    all.rgb.insert(all.rgb.end(), one.rgb.begin(), one.rgb.end());
  }
  return all;
}

/// Four digits: zero for a map without light only.
double shortened(double mean) { return std::stod(fmt::format("{:.4g}", mean)); }

}  // namespace

std::vector<Json> map_json(const Model& model, const Tensor& image,
                           const std::vector<double>& masks) {
  std::vector<FeatureMaps> all;
  std::vector<double> white;
  for (const double p : masks) {
    const FeatureMaps& maps = all.emplace_back(maps_at(model, image, p));
    white.resize(maps.brightest.size());
    std::ranges::transform(white, maps.brightest, white.begin(),
                           [](double a, double b) { return std::max(a, b); });
  }
  std::vector<Json> json;
  for (const FeatureMaps& maps : all) {
    const Index shown = std::min(maps.shape.c, shown_maps);
    Json means = Json::array(), fates = Json::array();
    for (Index c = 0; c < shown; ++c) {
      means.push_back(shortened(maps.means[c]));
      fates.push_back(to_string(fate_of(all[0].means[c], maps.means[c])));
    }
    json.push_back(
        {{"maps", data_uri(strip(maps, shown, white))}, {"means", means}, {"fates", fates}});
  }
  return json;
}

}  // namespace robmask
