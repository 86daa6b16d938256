#pragma once
// Which cells --only asks for.

#include "tools/robmask/reproduce/experiment.h"

namespace robmask::reproduce {

class Selection {
 public:
  /// Cells by their names or, where no cell has that name, by parts of them that cut no number (cifar-10
  /// is no part of cifar-100); none given: all. InputError for one that fits no cell of `experiments`.
  Selection(const std::vector<Experiment>& experiments, const std::vector<std::string>& only);

  bool asks_for(const Cell& cell) const;
  bool asks_for(const Experiment& experiment) const;  // for any of its cells

 private:
  bool all_;
  std::vector<std::string> names_, parts_;
};

}  // namespace robmask::reproduce
