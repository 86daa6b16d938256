// The command line: parses, resolves, runs one command, and turns what it throws into one line and
// an exit code.

#include <cstdio>
#include <exception>
#include <new>

#include "data/files/one_line.h"
#include "engine/threads.h"
#include "tools/robmask/options/command_line.h"
#include "tools/robmask/options/flags.h"
#include "training/terminal.h"

namespace robmask {

namespace {

enum ExitCode { done = 0, failed = 1, bad_usage = 2, skipped = 77 };

int run(const std::vector<std::string>& arguments) {
  CommandLine line = parse(arguments);
  if (!line.command) return std::fputs(line.text.c_str(), stdout), done;
  const CommonSettings& common = line.command->common();
  set_quiet(common.quiet);
  bool fell_back = false;
  resolve(line, machine_name(common.device, fell_back));
  if (fell_back) log("device auto: no CUDA device here, running on the CPU");
  if (!common.unused.empty())
    log("not used by {}: --{}", line.name, fmt::join(common.unused, ", --"));
  set_thread_count(static_cast<int>(common.threads));
  return line.command->run();
}

int complain(const std::string& line, int code) {
  std::fprintf(stderr, "robmask: %s\n", one_line(as_flags(line)).c_str());
  return code;
}

int guarded_main(const std::vector<std::string>& arguments) {
  try {
    install_signal_handlers();
    set_wording(as_flags);
    const int code = run(arguments);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw RunError("standard output: the results could not be written; is it closed or full?");
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
