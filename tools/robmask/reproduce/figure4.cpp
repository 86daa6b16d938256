// Figure 4: feature maps after ReLU under two masks, the blocked and the magnified ones marked
// (appendix A.3).

#include <algorithm>
#include <cmath>

#include "data/files/png.h"
#include "tools/robmask/reproduce/experiments.h"
#include "tools/robmask/reproduce/findings.h"

namespace robmask::reproduce {

namespace {

struct Pair {
  std::string name;
  View a, b;
};

std::vector<Pair> pairs() {
  const Training adversarial{.method = "pgd"}, robmask{.method = "robmask", .epochs = 100};
  return {{"Adversarial training, before and after standard finetuning of BN",
           {adversarial},
           {finetuned(adversarial, "standard")}},
          {"RobMask, mask 0 and mask 1", {robmask, "0"}, {robmask, "1"}}};
}

const char* const layers[]{"bn1", "layer1.0.bn1"};

std::string base_name(const Pair& pair, const std::string& layer) {
  return slug(pair.a.training.method + " " + layer);
}

struct Colour {
  std::uint8_t r, g, b;
};
/// A grey on which both black and white maps, and the page's light or dark, can be told apart.
constexpr std::uint8_t ground = 128;
constexpr Colour red{213, 94, 0}, green{0, 158, 115}, none{ground, ground, ground};

/// A frame's pixel: dashes around what is blocked, a line around what is magnified.
Colour frame_of(Fate fate, Index x, Index y) {
  if (fate == Fate::magnified) return green;
  return fate == Fate::blocked && (x + y + 8) / 4 % 2 == 0 ? red : none;
}

/// The maps of one view as grey images in frames; black is 0, white[c] white.
Picture framed(const FeatureMaps& maps, const std::vector<double>& white,
               const std::vector<Fate>& fates) {
  constexpr Index frame = 2;
  const auto [n, height, width, channels] = maps.shape;
  const Index h = height + 2 * frame, w = width + 2 * frame;
  std::vector<std::uint8_t> bytes;
  for (Index c = 0; c < channels; ++c) {
    const std::vector<double> map = maps.map(c, white[c]);
    for (Index y = -frame; y < height + frame; ++y)
      for (Index x = -frame; x < width + frame; ++x) {
        Colour pixel = frame_of(fates[c], x, y);
        if (0 <= y && y < height && 0 <= x && x < width) {
          const double v = map[y * width + x];
          const auto grey = static_cast<std::uint8_t>(std::lround(255 * std::clamp(v, 0.0, 1.0)));
          pixel = {grey, grey, grey};
        }
        bytes.insert(bytes.end(), {pixel.r, pixel.g, pixel.b});
      }
  }
  return tile_images(bytes, {channels, h, w, 3},
                     {.columns = 8, .padding = 2, .scale = 2, .ground = ground});
}

/// "…-a.png" and "…-b.png", in which dashed red frames mark maps that b blocks and green ones those it
/// magnifies.
void draw_pair(const FeatureMaps& a, const FeatureMaps& b, const std::string& base) {
  std::vector<Fate> fates;
  std::vector<double> white;
  for (Index c = 0; c < a.shape.c; ++c) {
    fates.push_back(fate_of(a.means[c], b.means[c]));
    white.push_back(std::max(a.brightest[c], b.brightest[c]));
  }
  write_png(base + "-a.png", framed(a, white, fates));
  write_png(base + "-b.png", framed(b, white, fates));
}

bool draw_maps(const Experiment&, const Commands& commands, const Path& folder) {
  for (const Pair& pair : pairs())
    for (const std::string layer : layers) {
      const Job a = commands.features(pair.a, layer), b = commands.features(pair.b, layer);
      if (!a.done() || !b.done()) continue;
      const auto [first, second] = two_feature_maps(a, b);
      draw_pair(first, second, (folder / base_name(pair, layer)).string());
    }
  return true;
}

std::vector<Figure> figures() {
  std::vector<Figure> list;
  for (const Pair& pair : pairs())
    for (const char* layer : layers)
      for (const bool second : {false, true})
        list.push_back(
            {base_name(pair, layer) + (second ? "-b.png" : "-a.png"),
             fmt::format("{}: what {} and its ReLU let through of the first test image, under the "
                         "{} of the two. Dashed red frames: maps that the second blocks, zero "
                         "everywhere; green: maps whose mean it makes at least twice as large.",
                         pair.name, layer, second ? "second" : "first"),
             "The paper prints no numbers here."});
  return list;
}

}  // namespace

Experiment figure4() {
  Experiment e{
      "figure4",
      "Feature maps of ResNet-18 after ReLU under two masks, of the first test image",
      {"(a) is the first mask, (b) the second. Black is 0, white a map's largest value under both. "
       "Maps are without their outermost pixels, where zero padding shows. The same rules as in "
       "robmask report.",
       "The paper shows neither layers nor rules; these are the first two norms with a ReLU."},
      {},
      figures(),
      draw_maps};
  for (const Pair& pair : pairs())
    for (const char* layer : layers)
      for (const bool more : {false, true})
        e.cells.push_back({pair.name, fmt::format("{} {}", layer, more ? "magnified" : "blocked"),
                           MaskedMaps{pair.a, pair.b, layer, more}});
  return e;
}

}  // namespace robmask::reproduce
