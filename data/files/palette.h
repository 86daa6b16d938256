#pragma once
// The colours of charts: Okabe and Ito's, which the colour-blind can tell apart, darkened for a
// light ground and lightened for a dark one until text in them can be read. Those of a report's
// page (tools/robmask/report/style.css).

#include <array>
#include <string>

namespace robmask {

/// "#rrggbb", in lower case.
struct Shade {
  const char *light, *dark;
};

inline constexpr std::array<Shade, 6> series_shades{{{"#0072b2", "#56b4e9"},
                                                     {"#b84d00", "#f2a04a"},
                                                     {"#00775a", "#3fcb9d"},
                                                     {"#a3497f", "#e59ac6"},
                                                     {"#7a6100", "#ecd94f"},
                                                     {"#4d4d4d", "#c9c9c9"}}};
inline constexpr Shade paper_shade{"#ffffff", "#11161b"}, ink_shade{"#17212b", "#e7ecf0"},
    frame_shade{"#55626f", "#a3b0bc"}, grid_shade{"#d3d9df", "#37424d"};

/// An SVG of gnuplot's in the light shades, with a style added that turns each into its dark one
/// where the reader prefers a dark page. Programs without style sheets show the light ones.
std::string readable_in_the_dark(std::string svg);

}  // namespace robmask
