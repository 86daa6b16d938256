#include "tools/robmask/report/maps.h"

#include <algorithm>
#include <cmath>

#include "models/first_maps.h"
#include "tools/robmask/report/thumbnail.h"

namespace robmask {

namespace {

constexpr Index shown_maps = 64, shown_side = 32;

/// The maps of one image through one mask, h·w·c, without the outermost pixels: those show zero padding,
/// often brighter than all else.
struct Maps {
  Shape shape;
  std::vector<double> values, means, brightest;  // means and maxima map by map

  explicit Maps(const Tensor& z) : shape(z.shape()), means(shape.c), brightest(shape.c) {
    const std::vector<double> whole = z.to_doubles();
    const Index edge = std::min(shape.h, shape.w) > 2 ? 1 : 0, pitch = shape.w * shape.c;
    shape.h -= 2 * edge;
    shape.w -= 2 * edge;
    for (Index y = edge; y < edge + shape.h; ++y) {
      const auto row = whole.begin() + y * pitch + edge * shape.c;
      values.insert(values.end(), row, row + shape.w * shape.c);
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t c = i % means.size();
      means[c] += values[i] / static_cast<double>(shape.pixels());
      brightest[c] = std::max(brightest[c], values[i]);
    }
  }

  Index shown() const { return std::min(shape.c, shown_maps); }

  /// Map by map from the top, where white[c] is white.
  Picture strip(const std::vector<double>& white) const {
    Picture all;
    for (Index c = 0; c < shown(); ++c) {
      std::vector<double> map;
      for (Index i = 0; i < shape.pixels(); ++i)
        map.push_back(white[c] > 0 ? values[i * shape.c + c] / white[c] : 0);
      const Picture one = thumbnail(map, shape.h, shape.w, shown_side);
      all.width = one.width;
      all.height += one.height;
      all.rgb.insert(all.rgb.end(), one.rgb.begin(), one.rgb.end());
    }
    return all;
  }
};

}  // namespace

std::vector<Json> map_json(const Model& model, const Tensor& image,
                           const std::vector<double>& masks) {
  std::vector<Maps> all;
  std::vector<double> white;
  for (const double p : masks) {
    const Maps& maps = all.emplace_back(first_feature_maps(model, image, p));
    white.resize(maps.brightest.size());
    std::ranges::transform(white, maps.brightest, white.begin(),
                           [](double a, double b) { return std::max(a, b); });
  }
  std::vector<Json> json;
  for (const Maps& maps : all) {
    Json means = Json::array();
    for (Index c = 0; c < maps.shown(); ++c) means.push_back(std::round(maps.means[c] * 1e4) / 1e4);
    json.push_back({{"maps", data_uri(maps.strip(white))}, {"means", means}});
  }
  return json;
}

}  // namespace robmask
