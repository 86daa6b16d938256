#pragma once

#include <string>
#include <vector>

namespace robmask {

/// The one of `names` that `word` was most likely meant to be: " (did you mean --eps?)" where the
/// names have `dashes`, or nothing.
std::string suggestion(const std::string& word, const std::vector<std::string>& names,
                       const std::string& dashes = "");

}  // namespace robmask
