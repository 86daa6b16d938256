#pragma once
// Settings of `robmask reproduce` for tests: a scale, and data folders that nobody opens.

#include "tests/files/scratch.h"
#include "tools/robmask/reproduce/commands.h"

namespace robmask::reproduce {

/// Settings as resolve() leaves them.
inline ReproduceSettings settings_of(ScaleName scale, const Path& out) {
  ReproduceSettings s;
  s.scale = scale;
  s.common.out = out.string();
  s.common.device = "cpu";
  s.common.data = "cifar10:/data/ten,cifar100:/data/hundred,imagenet:/data/imagenet";
  return s;
}

/// The cell of an experiment that stands in that row and column.
inline const Cell& cell_of(const Experiment& e, const std::string& row, const std::string& column) {
  for (const Cell& cell : e.cells)
    if (cell.row == row && cell.column == column) return cell;
  throw RunError(fmt::format("{} has no cell {}, {}", e.name, row, column));
}

}  // namespace robmask::reproduce
