#pragma once
// How long jobs will take, from the speed of each model on this machine, measured now.

#include <map>

#include "tools/robmask/reproduce/commands.h"

namespace robmask::reproduce {

class Cost {
 public:
  /// `program` is the robmask that measures (robmask bench), each model once. Nothing is kept for a
  /// later run, when the machine may have other work.
  Cost(const Commands& commands, std::string program)
      : commands_(commands), program_(std::move(program)) {}

  /// Seconds; nothing if the model's speed could not be measured.
  std::optional<double> seconds(const Work& work);

 private:
  struct Speed {
    double trained, attacked;  // seconds an image
  };
  std::optional<Speed> speed(const Work& work);

  const Commands& commands_;
  std::string program_;
  std::map<std::vector<std::string>, std::optional<Speed>> measured_;  // by the words of bench
};

/// "3 trainings and 12 other commands are missing, about 1:23:45"
std::string cost_line(const std::vector<Job>& jobs, Cost& cost);

}  // namespace robmask::reproduce
