#pragma once

#include <string>
#include <vector>

#include "tools/robmask/options/common.h"

namespace robmask {

enum class ScaleName { smoke, small, paper };
constexpr auto names(ScaleName) {
  using enum ScaleName;
  return std::to_array<Named<ScaleName>>({{smoke, "smoke"}, {small, "small"}, {paper, "paper"}});
}

/// A table or figure of the paper, at a scale; common.data is a list.
struct ReproduceSettings {
  CommonSettings common;
  std::string experiment;  // table1 … figure4, claims, ablations, tradeoff; or all
  ScaleName scale = ScaleName::smoke;
  std::vector<std::string> only;  // parts of cells' names; empty: all cells
  bool dry_run = false;
};

}  // namespace robmask
