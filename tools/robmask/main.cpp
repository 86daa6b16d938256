// The command line: parses, resolves, runs one command, and turns what it throws into one line and an
// exit code.

#include <cstdio>
#include <exception>
#include <new>

#include "data/files/one_line.h"
#include "engine/threads.h"
#include "tools/robmask/commands.h"
#include "tools/robmask/options/parse.h"
#include "tools/robmask/options/resolve.h"
#include "training/manners.h"

namespace robmask {

namespace {

enum ExitCode { done = 0, failed = 1, bad_usage = 2, skipped = 77 };

int run(const TrainSettings& s) { return run_train(s); }
int run(const FinetuneSettings& s) { return run_finetune(s); }
int run(const EvaluateSettings& s) { return run_evaluate(s); }
int run(const PredictSettings& s) { return run_predict(s); }
int run(const InterpolateSettings& s) { return run_interpolate(s); }
int run(const ExportSettings& s) { return run_export(s); }
int run(const InfoSettings& s) { return run_info(s); }
int run(const BenchSettings& s) { return run_bench(s); }
int run(const ReportSettings& s) { return run_report(s); }
int run(const ReproduceSettings& s) { return run_reproduce(s); }

int start(Message& message) {
  std::fputs(message.text.c_str(), stdout);
  return done;
}

template <class Settings>
int start(Settings& settings) {
  CommonSettings& common = common_of(settings);
  set_quiet(common.quiet);
  bool fell_back = false;
  resolve(settings, machine_name(common.device, fell_back));
  if (fell_back) log("device auto: no CUDA device here, running on the CPU");
  if (!common.unused.empty())
    log("not used by {}: --{}", name_of(settings), fmt::join(common.unused, ", --"));
  set_thread_count(static_cast<int>(common.threads));
  return run(settings);
}

int complain(const std::string& line, int code) {
  std::fprintf(stderr, "robmask: %s\n", one_line(line).c_str());
  return code;
}

int guarded_main(const std::vector<std::string>& arguments) {
  try {
    install_signal_handlers();
    Parsed parsed = parse(arguments);
    const int code = std::visit([](auto& command) { return start(command); }, parsed);
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
