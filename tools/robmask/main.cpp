// The command line: parses, resolves, runs one command, and turns what it throws into one line and
// an exit code.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include "data/files/one_line.h"
#include "engine/processes.h"
#include "engine/threads.h"
#include "tools/robmask/alike.h"
#include "tools/robmask/options/command_line.h"
#include "tools/robmask/options/flags.h"
#include "training/terminal.h"

namespace robmask {

namespace {

Processes* all_processes = nullptr;  // once they know each other

enum ExitCode { done = 0, failed = 1, bad_usage = 2, skipped = 77 };

/// So many threads that all processes of this machine together have one for each of its cores; all
/// that a launcher has set apart for this one, if it did so.
int threads_among(const Processes& all) {
  const int own = thread_count();
  const bool chosen = std::getenv("OMP_NUM_THREADS") != nullptr;
  const bool apart = own < sysconf(_SC_NPROCESSORS_ONLN);
  return chosen || apart ? own : std::max(1, own / all.local_count());
}

int run(const std::vector<std::string>& arguments, Processes& all) {
  CommandLine line = parse(arguments);
  if (!line.command) {
    if (all.first()) std::fputs(line.text.c_str(), stdout);
    return done;
  }
  const CommonSettings& common = line.command->common();
  require(all.count() == 1 || line.command->shares_work(),
          "{}: expected one process, a launcher started {}; train, finetune and evaluate share "
          "their work among several",
          line.name, all.count());
  set_quiet(common.quiet);
  all.set_patience(common.patience);
  if (common.threads == 0) set_thread_count(threads_among(all));
  bool fell_back = false;
  const std::string machine = machine_name(common.device, fell_back);
  require_same_machines(all, machine);
  resolve(line, machine);
  if (fell_back) log("device auto: no CUDA device here, running on the CPU");
  if (!common.unused.empty())
    log("not used by {}: --{}", line.name, fmt::join(common.unused, ", --"));
  set_thread_count(static_cast<int>(common.threads));
  return line.command->run();
}

/// The end of a process that fails, and of the others with it.
int complain(const std::string& line, int code) {
  const bool together = all_processes != nullptr && all_processes->count() > 1;
  const LastWords last = together ? all_processes->last_words(line) : LastWords{line};
  if (!last.line.empty())
    std::fprintf(stderr, "robmask: %s\n", one_line(as_flags(last.line)).c_str());
  if (last.alone) all_processes->abort(code);
  if (together) try {
      all_processes->leave();
    } catch (const RunError&) {  // it is the end anyway
    }
  return code;
}

int guarded_main(const std::vector<std::string>& arguments) {
  try {
    install_signal_handlers();
    set_wording(as_flags);
    all_processes = &processes();
    set_silent(!all_processes->first());
    const int code = run(arguments, *all_processes);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw RunError("standard output: the results could not be written; is it closed or full?");
    all_processes->leave();
    return code;
  } catch (const InputError& error) {
    return complain(error.what(), bad_usage);
  } catch (const Unavailable& error) {
    return complain(error.what(), skipped);
  } catch (const Interrupted& interruption) {
    return complain("interrupted", 128 + interruption.signal);
  } catch (const std::bad_alloc&) {
    return complain("out of memory; try a smaller --batch or --width", failed);
  } catch (const std::logic_error& error) {
    return complain(fmt::format("internal error: {}", error.what()), failed);
  } catch (const std::exception& error) {
    return complain(error.what(), failed);
  }
}

}  // namespace

}  // namespace robmask

int main(int count, char** words) {
  return robmask::guarded_main({words + (count > 0), words + count});
}
