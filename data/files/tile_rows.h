#pragma once
// Rows of small images with their names, as one picture.

#include <cstdint>
#include <string>
#include <vector>

#include "data/files/input_file.h"
#include "engine/shape.h"

namespace robmask {

struct TileRow {
  std::string name;
  std::vector<std::uint8_t> images;     // N·H·W·C bytes
  std::vector<std::string> notes = {};  // empty, or for every image a word written across it
};

/// Writes a PNG of rows of `shape` each (C = 3) with their names to the left and a caption below.
/// The text needs gnuplot; without it the images alone are written, one line on stderr says what to
/// install, and false is returned.
bool draw_tile_rows(const std::vector<TileRow>& rows, const Shape& shape,
                    const std::string& caption, const Path& file);

}  // namespace robmask
