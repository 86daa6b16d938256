#pragma once
// The words of experiments.txt, whose first lines describe them.

#include <string_view>

#include "tools/robmask/reproduce/experiment.h"

namespace robmask::reproduce {

/// The parts of a text between separators, without the spaces around them.
std::vector<std::string> parts_of(std::string_view text, std::string_view separator);

/// What the words of a row and of a column say: "A versus B" beside "C" is A C and B C.
Reading reading_of(const std::string& row, const std::string& column);

}  // namespace robmask::reproduce
