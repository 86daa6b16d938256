#include "data/files/palette.h"

#include <fmt/format.h>

#include "engine/check.h"

namespace robmask {
namespace {

/// The dark shade wherever an element has the light one, in one of gnuplot's three spellings.
std::string rules(const Shade& shade) {
  const auto part = [&](int i) {
    return std::stoi(std::string(shade.light).substr(i, 2), nullptr, 16);
  };
  const std::string hex = shade.light,
                    narrow = fmt::format("rgb({},{},{})", part(1), part(3), part(5)),
                    wide = fmt::format("rgb({:3}, {:3}, {:3})", part(1), part(3), part(5));
  std::string text;
  for (const char* property : {"fill", "stroke", "color"})
    text += fmt::format("[{0}=\"{1}\"],[{0}=\"{2}\"],[{0}=\"{3}\"]{{{0}:{4}}}\n", property, hex,
                        narrow, wide, shade.dark);
  return text;
}

}  // namespace

std::string readable_in_the_dark(std::string svg) {
  const std::size_t defs = svg.find("<defs>");
  expect(defs != std::string::npos, "a drawing of gnuplot's without <defs>");
  std::string style = "<style>@media (prefers-color-scheme: dark) {\n";
  for (const Shade& shade : series_shades) style += rules(shade);
  for (const Shade& shade : {paper_shade, ink_shade, frame_shade, grid_shade})
    style += rules(shade);
  return svg.insert(defs, style + "}</style>\n");
}

}  // namespace robmask
