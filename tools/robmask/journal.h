#pragma once
// The journal of an evaluation: a line after every batch and every finished stage, so that one
// killed at any moment goes on to the same report.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/files/json.h"
#include "data/files/output_file.h"
#include "engine/check.h"

namespace robmask {

class Journal {
 public:
  /// With `resume`, goes on with what is at `path`; a last line that a kill tore is dropped. Else
  /// begin() starts the file anew. `evaluation` holds all that the report depends on. InputError,
  /// naming the first difference, if the journal there is of another evaluation, and if a running
  /// one writes it. `kept` is a file that lines tell of, if any: an older one is removed before the
  /// first line is written.
  Journal(const Path& path, const Json& evaluation, bool resume, const Path& kept = {});

  /// Takes the file for this evaluation, in a folder that exists. InputError if a running one has
  /// it.
  void begin();
  /// What was noted under a key, by this run or one before, in order.
  const std::vector<Json>& known(const std::string& key) const;
  /// Gives `take` all that is known under a key. InputError, naming the file, where an entry is not
  /// what `take` makes of it: it may throw InputError, and Json's exceptions.
  template <class F>
  void recall(const std::string& key, F&& take) const {
    try {
      for (const Json& entry : known(key)) take(entry);
    } catch (const Json::exception& error) {
      refuse(key, error.what());
    } catch (const InputError& error) {
      refuse(key, error.what());
    }
  }
  /// Notes an entry durably; begins, unless that was done.
  void add(const std::string& key, const Json& entry);
  /// The evaluation is complete: removes the file and what it keeps, if they are this one's.
  void remove();
  /// Does the work that is noted here. If a signal or a failure other than InputError ends it, and
  /// anything was noted, a log line says how to go on.
  template <class F>
  void resumable(F&& work) const {
    try {
      work();
    } catch (const InputError&) {
      throw;
    } catch (...) {
      tell_how_to_go_on();
      throw;
    }
  }

 private:
  void tell_how_to_go_on() const;
  void lock();
  void read();
  /// The object that a line is; refused unless it has all these members.
  Json parsed(const std::string& line, std::initializer_list<const char*> members) const;
  [[noreturn]] void refuse(const std::string& what, const std::string& reason) const;

  Path path_, kept_;
  Json evaluation_;
  std::optional<OutputFile> lock_;
  std::uintmax_t whole_ = 0;  // bytes of the lines to go on from
  bool begun_ = false;        // is the file this run's?
  std::map<std::string, std::vector<Json>> known_;
};

}  // namespace robmask
