#pragma once
// Drawings that follow the reader's choice of light or dark.

#include <string>

namespace robmask {

/// An SVG of gnuplot's in the palette's light shades, with a style added that turns each into its dark
/// one where the reader prefers a dark page. Programs without style sheets show the light ones.
std::string readable_in_the_dark(std::string svg);

}  // namespace robmask
