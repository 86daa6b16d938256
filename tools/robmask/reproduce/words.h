#pragma once
// Putting a command's words and a folder's name together.

#include "models/model.h"
#include "tools/robmask/reproduce/job.h"

namespace robmask::reproduce {

using Words = std::vector<std::string>;

inline void add(Words& words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
}
/// A number of which 0 means that the option is left away.
inline void add(Words& words, const std::string& option, Index value) {
  if (value > 0) add(words, {option, std::to_string(value)});
}

/// "cifar10:/data" → "cifar10"
inline std::string data_name(const std::string& spec) { return spec.substr(0, spec.find(':')); }

/// A folder's name without the hash at its end.
inline std::string title_of(const Job& job) {
  const std::string name = job.folder.filename().string();
  return name.substr(0, name.rfind('-'));
}

/// "-w4" for the networks that have a width.
inline std::string width_slug(const Work& work) {
  return has_width(work.model) ? fmt::format("-w{}", work.width) : "";
}

}  // namespace robmask::reproduce
