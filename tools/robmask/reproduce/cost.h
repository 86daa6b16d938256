#pragma once
// How long jobs will take, from the measured speed of each model on this machine.

#include <vector>

#include "tools/robmask/reproduce/commands.h"
#include "tools/robmask/reproduce/runner.h"

namespace robmask::reproduce {

class Cost {
 public:
  /// Measures each model once (robmask bench), into the folder of the experiments.
  Cost(const Commands& commands, Runner& runner) : commands_(commands), runner_(runner) {}

  /// Seconds; nothing if the model's speed could not be measured.
  std::optional<double> seconds(const Work& work);

 private:
  const Commands& commands_;
  Runner& runner_;
};

/// "3 trainings and 12 other commands are missing, about 1:23:45"
std::string cost_line(const std::vector<Job>& jobs, Cost& cost);

}  // namespace robmask::reproduce
