#pragma once
// Runs jobs, each once, and remembers those that failed.

#include <map>

#include "tools/robmask/reproduce/job.h"

namespace robmask::reproduce {

class Runner {
 public:
  /// `program` is the robmask to run.
  explicit Runner(std::string program) : program_(std::move(program)) {}

  /// Runs a job after what it needs, unless it is done. Returns why it is missing, in one line, or ""
  /// if it is done. A job that failed is not tried again. Throws Interrupted after a signal.
  std::string run(const Job& job);

 private:
  std::string attempt(const Job& job);

  std::string program_;
  std::map<Path, std::string> failed_;  // job → why
};

}  // namespace robmask::reproduce
