#include "tools/robmask/reproduce/runner.h"

#include "data/files/atomic_file.h"
#include "engine/check.h"
#include "tools/robmask/reproduce/process.h"
#include "training/manners.h"

namespace robmask::reproduce {

std::string Runner::run(const Job& job) {
  if (job.done()) return "";
  const auto before = failed_.find(job.folder);
  if (before != failed_.end()) return before->second;
  std::string why;
  for (const Job& need : job.needs)
    if (why.empty()) why = run(need);
  if (why.empty()) why = attempt(job);
  if (!why.empty()) failed_[job.folder] = why;
  return why;
}

std::string Runner::attempt(const Job& job) {
  stop_if_interrupted();
  log("{}", job.command_line());
  std::vector<std::string> command{program_};
  command.insert(command.end(), job.arguments.begin(), job.arguments.end());
  try {
    std::filesystem::create_directories(job.folder);
    const Ended ended = run_process(command);
    stop_if_interrupted();
    if (ended.code == 0) {
      write_file(job.result(), ended.output);
      return "";
    }
    constexpr std::string_view prefix = "robmask: ";
    const std::string line = ended.last_line.starts_with(prefix)
                                 ? ended.last_line.substr(prefix.size())
                                 : fmt::format("exit code {}", ended.code);
    return fmt::format("{}: {}", job.arguments[0], line);
  } catch (const RunError& error) {
    return error.what();
  } catch (const std::filesystem::filesystem_error& error) {
    return fmt::format("{}: {}", job.folder.string(), error.code().message());
  }
}

}  // namespace robmask::reproduce
