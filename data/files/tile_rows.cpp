#include "data/files/tile_rows.h"

#include <cstdio>

#include "data/files/atomic_file.h"
#include "data/files/gnuplot.h"
#include "data/files/one_line.h"
#include "data/files/png.h"
#include "engine/check.h"

namespace robmask {
namespace {

constexpr Index padding = 1, scale = 3;  // of pixels; a pixel is a square of scale × scale
constexpr Index names = 250, below = 40, edge = 10;  // what surrounds the images

/// Every pixel as "x y red green blue".
std::string pixels(const Picture& picture) {
  std::string text = "$tiles << END\n";
  for (Index y = 0; y < picture.height; ++y)
    for (Index x = 0; x < picture.width; ++x) {
      const std::uint8_t* rgb = &picture.rgb[3 * (y * picture.width + x)];
      text += fmt::format("{} {} {} {} {}\n", x, y, rgb[0], rgb[1], rgb[2]);
    }
  return text + "END\n";
}

/// The middle of the i-th of the images that stand `size` pixels long in a line.
double middle(Index i, Index size) {
  return static_cast<double>(padding + i * (size + padding)) + static_cast<double>(size) / 2 - 0.5;
}

/// The names as ticks of the y axis, and the notes as labels.
std::string words(const std::vector<TileRow>& rows, const Shape& shape) {
  std::string ticks, labels;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const double y = middle(static_cast<Index>(r), shape.h);
    ticks += fmt::format("{}{} {}", r == 0 ? "" : ", ", gnuplot_quoted(rows[r].name), y);
    for (std::size_t i = 0; i < rows[r].notes.size(); ++i)
      labels +=
          fmt::format("set label {} at {},{} center front font ',8'\n",
                      gnuplot_quoted(rows[r].notes[i]), middle(static_cast<Index>(i), shape.w), y);
  }
  return "set ytics scale 0 (" + ticks + ")\n" + labels;
}

std::string script(const Picture& tiles, const std::vector<TileRow>& rows, const Shape& shape,
                   const std::string& caption) {
  const Index width = names + scale * tiles.width + edge,
              height = edge + scale * tiles.height + below;
  const auto share = [](Index part, Index whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  return fmt::format(
             "set terminal pngcairo size {},{} font 'sans,11' noenhanced background '#ffffff'\n"
             "set encoding utf8\nunset border\nunset xtics\nunset key\n"
             "set lmargin at screen {}\nset rmargin at screen {}\n"
             "set tmargin at screen {}\nset bmargin at screen {}\n"
             "set xrange [-0.5:{}]\nset yrange [{}:-0.5]\n",
             width, height, share(names, width), share(width - edge, width),
             share(height - edge, height), share(below, height),
             static_cast<double>(tiles.width) - 0.5, static_cast<double>(tiles.height) - 0.5) +
         words(rows, shape) +
         fmt::format("set label {} at screen 0.5,{} center\n", gnuplot_quoted(caption),
                     share(below / 2, height)) +
         pixels(tiles) + "plot $tiles using 1:2:3:4:5 with rgbimage\n";
}

}  // namespace

bool draw_tile_rows(const std::vector<TileRow>& rows, const Shape& shape,
                    const std::string& caption, const Path& file) {
  std::vector<std::uint8_t> bytes;
  for (const TileRow& row : rows) {
    expect(static_cast<Index>(row.images.size()) == shape.count() &&
               (row.notes.empty() || static_cast<Index>(row.notes.size()) == shape.n),
           "row {} of a picture: {} bytes and {} notes for images of shape {}", row.name,
           row.images.size(), row.notes.size(), to_string(shape));
    bytes.insert(bytes.end(), row.images.begin(), row.images.end());
  }
  const Shape all{shape.n * static_cast<Index>(rows.size()), shape.h, shape.w, shape.c};
  const Picture tiles = tile_images(bytes, all, {.columns = shape.n, .padding = padding});
  const auto [picture, complaint] = run_gnuplot(script(tiles, rows, shape, caption));
  if (complaint.empty()) {
    write_file(file, picture);
    return true;
  }
  fmt::print(stderr, "{}: drawn without its text: {}\n", one_line(file.string()), complaint);
  write_png(file, tile_images(bytes, all,
                              {.columns = shape.n, .padding = scale * padding, .scale = scale}));
  return false;
}

}  // namespace robmask
