#pragma once
// The journal of an evaluation: a line after every batch, so that an interrupted one goes on.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "training/evaluator.h"

namespace robmask {

class Journal {
 public:
  /// Goes on from the file at `path` if `resume`, else starts it anew. Torn or foreign lines are
  /// passed over.
  Journal(const std::filesystem::path& path, bool resume);

  /// What is already known of a cell. `key` holds all that its verdicts depend on.
  std::vector<Verdict> known(const std::string& key) const;
  void add(const std::string& key, const std::vector<Verdict>& batch);
  /// The evaluation is complete.
  void remove();

 private:
  std::filesystem::path path_;
  std::map<std::string, std::vector<Verdict>> known_;
};

}  // namespace robmask
