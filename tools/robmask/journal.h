#pragma once
// The journal of an evaluation: a line after every batch and every finished stage, so that one killed
// at any moment goes on to the same report.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/files/json.h"

namespace robmask {

class Journal {
 public:
  /// With `resume`, goes on with what is at `path`; a last line that a kill tore is dropped. Else the
  /// first entry starts the file anew. `evaluation` holds all that the report depends on. InputError,
  /// naming the first difference, if the journal there is of another evaluation.
  Journal(const std::filesystem::path& path, const Json& evaluation, bool resume);

  /// What was noted under a key, by this run or one before, in order.
  const std::vector<Json>& known(const std::string& key) const;
  /// Notes an entry durably.
  void add(const std::string& key, const Json& entry);
  /// The evaluation is complete.
  void remove();

 private:
  void read();

  std::filesystem::path path_;
  Json evaluation_;
  bool begun_ = false;  // is the file this run's?
  std::map<std::string, std::vector<Json>> known_;
};

}  // namespace robmask
