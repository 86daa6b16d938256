#pragma once
// A command of the program: what it takes, its options, its checks, what it does. Each is a file of
// its own, tools/robmask/<name>.cpp, and a line in commands.cpp.

#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/robmask/options/common.h"

namespace robmask {

class Command {
 public:
  virtual ~Command() = default;

  /// Adds every option, bound to this command's members, which have their defaults.
  virtual void add_options(Options& options) = 0;
  virtual CommonSettings& common() = 0;
  /// InputError, naming the option, for values that are wrong together, beside Options::check().
  virtual void check() {}
  /// The options that what was chosen does not use. Given, they are accepted and recorded as
  /// unused.
  virtual std::set<std::string> unused() { return {}; }
  /// Settles what depends on other options. Device, threads and precision are settled.
  virtual void resolve() {}
  virtual Precision precision_on_cuda() const { return Precision::fp32; }
  /// Whether several processes may do it together (engine/processes.h).
  virtual bool shares_work() const { return false; }
  /// The run directory that the command continues; empty if it starts something new.
  virtual Path continued_run() { return {}; }
  /// Does it. Returns the exit code: 0 done, 1 a check failed; throws InputError (2), Unavailable
  /// (77), Interrupted (130, 143) or another exception (1) after leaving files in order.
  virtual int run() = 0;
};

/// Something that people do with a command: what, in a few words, and the whole line to type, whose
/// words are separated by single spaces.
struct Example {
  std::string_view purpose, line;
};

/// A line of the list of commands.
struct CommandEntry {
  std::string_view name, summary;
  std::unique_ptr<Command> (*make)();
  std::vector<Example> examples;  // at the end of its --help
};
/// All of them, in the order of --help.
std::span<const CommandEntry> commands();

}  // namespace robmask
