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

/// The maps of one view as grey images in frames; black is 0, white the largest value of either view.
Picture grid(const FeatureMaps& maps, double largest, const std::vector<Colour>& frames) {
  constexpr Index frame = 2;
  const Index h = maps.height + 2 * frame, w = maps.width + 2 * frame;
  std::vector<std::uint8_t> bytes;
  for (Index c = 0; c < maps.channels; ++c)
    for (Index y = -frame; y < maps.height + frame; ++y)
      for (Index x = -frame; x < maps.width + frame; ++x) {
        Colour pixel = frames[c];
        if (0 <= y && y < maps.height && 0 <= x && x < maps.width) {
          const double v = maps.values[(c * maps.height + y) * maps.width + x] / largest;
          const auto grey = static_cast<std::uint8_t>(std::lround(255 * std::clamp(v, 0.0, 1.0)));
          pixel = {grey, grey, grey};
        }
        bytes.insert(bytes.end(), {pixel.r, pixel.g, pixel.b});
      }
  return tile_images(bytes, {maps.channels, h, w, 3}, {.columns = 8, .padding = 2, .scale = 2});
}

/// "…-a.png" and "…-b.png", in which red frames mark maps that b blocks and green ones those it
/// magnifies.
void draw_pair(const FeatureMaps& a, const FeatureMaps& b, const std::string& base) {
  std::vector<Colour> frames;
  double largest = 1e-12;
  for (Index c = 0; c < a.channels; ++c)
    frames.push_back(blocked(a, b, c) ? red : magnified(a, b, c) ? green : none);
  for (const FeatureMaps* maps : {&a, &b})
    for (const double v : maps->values) largest = std::max(largest, v);
  write_png(base + "-a.png", grid(a, largest, frames));
  write_png(base + "-b.png", grid(b, largest, frames));
}

void draw_maps(const Commands& commands, const Path& folder) {
  for (const Pair& pair : pairs())
    for (const std::string layer : layers) {
      const auto maps = [&](const View& view) {
        return feature_maps(commands.features(view, layer).folder / "features.npy");
      };
      draw_pair(maps(pair.a), maps(pair.b),
                (folder / (slug(pair.a.training.method + " " + layer))).string());
    }
}

}  // namespace

Experiment figure4() {
  Experiment e{
      "figure4",
      "Feature maps of ResNet-18 after ReLU under two masks, of the first test image",
      {"pgd-… and robmask-…: (a) is the first mask, (b) the second. Red frames: maps that (b) "
       "blocks, zero everywhere; green: maps whose mean (b) makes at least twice as large. "
       "Black is 0, white the largest value of both.",
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
