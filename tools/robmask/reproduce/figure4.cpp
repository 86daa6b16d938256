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

struct Colour {
  std::uint8_t r, g, b;
};
constexpr Colour red{220, 40, 40}, green{30, 170, 60}, none{255, 255, 255};

/// The maps of one view as grey images in frames; black is 0, white[c] white.
Picture framed(const FeatureMaps& maps, const std::vector<double>& white,
               const std::vector<Colour>& frames) {
  constexpr Index frame = 2;
  const auto [n, height, width, channels] = maps.shape;
  const Index h = height + 2 * frame, w = width + 2 * frame;
  std::vector<std::uint8_t> bytes;
  for (Index c = 0; c < channels; ++c) {
    const std::vector<double> map = maps.map(c, white[c]);
    for (Index y = -frame; y < height + frame; ++y)
      for (Index x = -frame; x < width + frame; ++x) {
        Colour pixel = frames[c];
        if (0 <= y && y < height && 0 <= x && x < width) {
          const double v = map[y * width + x];
          const auto grey = static_cast<std::uint8_t>(std::lround(255 * std::clamp(v, 0.0, 1.0)));
          pixel = {grey, grey, grey};
        }
        bytes.insert(bytes.end(), {pixel.r, pixel.g, pixel.b});
      }
  }
  return tile_images(bytes, {channels, h, w, 3}, {.columns = 8, .padding = 2, .scale = 2});
}

/// "…-a.png" and "…-b.png", in which red frames mark maps that b blocks and green ones those it
/// magnifies.
void draw_pair(const FeatureMaps& a, const FeatureMaps& b, const std::string& base) {
  std::vector<Colour> frames;
  std::vector<double> white;
  for (Index c = 0; c < a.shape.c; ++c) {
    const Fate fate = fate_of(a.means[c], b.means[c]);
    frames.push_back(fate == Fate::blocked ? red : fate == Fate::magnified ? green : none);
    white.push_back(std::max(a.brightest[c], b.brightest[c]));
  }
  write_png(base + "-a.png", framed(a, white, frames));
  write_png(base + "-b.png", framed(b, white, frames));
}

bool draw_maps(const Commands& commands, const Path& folder) {
  for (const Pair& pair : pairs())
    for (const std::string layer : layers) {
      const Job a = commands.features(pair.a, layer), b = commands.features(pair.b, layer);
      if (!a.done() || !b.done()) continue;
      draw_pair(feature_maps(a.folder / "features.npy"), feature_maps(b.folder / "features.npy"),
                (folder / (slug(pair.a.training.method + " " + layer))).string());
    }
  return true;
}

}  // namespace

Experiment figure4() {
  Experiment e{
      "figure4",
      "Feature maps of ResNet-18 after ReLU under two masks, of the first test image",
      {"pgd-… and robmask-…: (a) is the first mask, (b) the second. Red frames: maps that (b) "
       "blocks, zero everywhere; green: maps whose mean (b) makes at least twice as large. "
       "Black is 0, white a map's largest value under both. Maps are without their outermost "
       "pixels, where zero padding shows. The same rules as in robmask report.",
       "The paper shows neither layers nor rules; these are the first two norms with a ReLU."},
      {},
      draw_maps};
  for (const Pair& pair : pairs())
    for (const char* layer : layers)
      for (const bool more : {false, true})
        e.cells.push_back({pair.name, fmt::format("{} {}", layer, more ? "magnified" : "blocked"),
                           MaskedMaps{pair.a, pair.b, layer, more}});
  return e;
}

}  // namespace robmask::reproduce
