#pragma once
// A job: one robmask command whose printed result lies in a folder of its own.

#include <map>
#include <string>
#include <vector>

#include "data/files/input_file.h"

namespace robmask::reproduce {

struct Job {
  /// Where it works. Its name is readable and ends in a hash of every argument that the result
  /// depends on, so equal settings share a folder and different ones never do.
  Path folder;
  std::vector<std::string> arguments;  // of robmask, all of them
  std::vector<Job> needs = {};         // what must be done before
  double passes = 0;                   // of an image through a network

  /// What the command printed; written when it has ended well, and so the mark of that.
  Path result() const { return folder / "result.json"; }
  bool done() const { return std::filesystem::exists(result()); }
  /// "robmask train --method pgd …", to be repeated by hand.
  std::string command_line() const;
};

/// `wanted` with all that they need, each once, what others need first; or only those that must
/// still be
/// done: one that is done needs nothing.
std::vector<Job> in_order(const std::vector<Job>& wanted, bool missing_only = false);

/// "3 trainings and 12 other commands, about 0.25 million image passes"
std::string forecast(const std::vector<Job>& jobs);

/// Runs jobs, each once, and remembers those that failed.
class Runner {
 public:
  /// `program` is the robmask to run.
  explicit Runner(std::string program) : program_(std::move(program)) {}

  /// Runs a job after what it needs, unless it is done. Returns why it is missing, in one line, or
  /// "" if it is done. A job that failed is not tried again. Throws Interrupted after a signal.
  std::string run(const Job& job);

 private:
  std::string attempt(const Job& job);

  std::string program_;
  std::map<Path, std::string> tried_;  // job → why it failed, or ""
};

}  // namespace robmask::reproduce
