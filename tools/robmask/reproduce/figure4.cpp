// Figure 4: feature maps after ReLU under two masks, the blocked and the magnified ones marked
// (appendix A.3).

#include <algorithm>
#include <cmath>

#include "data/files/png.h"
#include "tools/robmask/reproduce/drawings.h"
#include "tools/robmask/reproduce/findings.h"

namespace robmask::reproduce {
namespace {

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
  return tile_images(bytes, {channels, height + 2 * frame, width + 2 * frame, 3},
                     {.columns = 8, .padding = 2, .scale = 2, .ground = ground});
}

/// "pgd-bn1", before "-a.png" of the first view and "-b.png" of the second.
std::string base_name(const Reading& maps) {
  return slug(maps.of[0].training.method + " " + maps.tensors[0]);
}

}  // namespace

/// Dashed red frames mark maps that the second view blocks, green ones those it magnifies.
bool draw_maps(const Experiment& e, const Commands& commands, const Path& folder) {
  for (const Cell& cell : e.cells) {
    if (cell.reading.measure != Measure::blocked) continue;  // the other cell reads the same maps
    const std::vector<Job> jobs = commands.jobs(cell.reading);
    if (!jobs[0].done() || !jobs[1].done()) continue;
    const auto [a, b] = two_feature_maps(jobs[0], jobs[1]);
    std::vector<Fate> fates;
    std::vector<double> white;
    for (Index c = 0; c < a.shape.c; ++c) {
      fates.push_back(fate_of(a.means[c], b.means[c]));
      white.push_back(std::max(a.brightest[c], b.brightest[c]));
    }
    const std::string base = (folder / base_name(cell.reading)).string();
    write_png(base + "-a.png", framed(a, white, fates));
    write_png(base + "-b.png", framed(b, white, fates));
  }
  return true;
}

std::vector<Figure> map_figures(const Experiment& e) {
  std::vector<Figure> figures;
  for (const Cell& cell : e.cells) {
    if (cell.reading.measure != Measure::blocked) continue;
    for (const auto& [ending, which] : {std::pair("-a.png", "first"), {"-b.png", "second"}})
      figures.push_back(
          {base_name(cell.reading) + ending,
           fmt::format(
               "{}: what {} and its ReLU let through of the first test image, under the {} of "
               "the two. Dashed red frames: maps that the second blocks, zero everywhere; "
               "green: maps whose mean it makes at least twice as large.",
               cell.row, cell.reading.tensors[0], which),
           "The paper prints no numbers here."});
  }
  return figures;
}

}  // namespace robmask::reproduce
