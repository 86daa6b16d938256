#pragma once
// A job: one robmask command whose printed result lies in a folder of its own.

#include <string>
#include <vector>

#include "data/files/input_file.h"
#include "tools/robmask/reproduce/work.h"

namespace robmask::reproduce {

struct Job {
  /// Where it works. Its name is readable and ends in a hash of every argument that the result
  /// depends on, so equal settings share a folder and different ones never do.
  Path folder;
  std::vector<std::string> arguments;  // of robmask, all of them
  std::vector<Job> needs = {};         // what must be done before
  Work work = {};

  /// What the command printed; written when it has ended well, and so the mark of that.
  Path result() const { return folder / "result.json"; }
  bool done() const { return std::filesystem::exists(result()); }
  /// "robmask train --method pgd …", to be repeated by hand.
  std::string command_line() const;
};

/// `wanted` with all that they need, each once, what others need first.
std::vector<Job> in_order(const std::vector<Job>& wanted);
/// Those of them that must still be done; one that is done needs nothing.
std::vector<Job> missing(const std::vector<Job>& wanted);

/// 8 hexadecimal digits (FNV-1a) of a list of words.
std::string hash_of(const std::vector<std::string>& words);

}  // namespace robmask::reproduce
