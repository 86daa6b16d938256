#include "tools/robmask/reproduce/job.h"

#include <set>

#include "data/files/atomic_file.h"
#include "data/files/process.h"
#include "engine/check.h"
#include "training/terminal.h"

namespace robmask::reproduce {
namespace {

/// A word as a shell takes it.
std::string quoted(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=+";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

/// Adds jobs after their needs, unless they are there; and unless they are done, if `missing_only`.
void add_jobs(const std::vector<Job>& jobs, bool missing_only, std::set<Path>& seen,
              std::vector<Job>& list) {
  for (const Job& job : jobs) {
    if ((missing_only && job.done()) || !seen.insert(job.folder).second) continue;
    add_jobs(job.needs, missing_only, seen, list);
    list.push_back(job);
  }
}

/// What robmask says at its end, or how it ended.
std::string complaint_of(const Ended& ended) {
  constexpr std::string_view prefix = "robmask: ";
  std::string_view text = ended.errors;
  while (text.ends_with('\n')) text.remove_suffix(1);
  text.remove_prefix(text.find_last_of("\n\r") + 1);  // npos + 1 = 0
  if (!text.starts_with(prefix)) return fmt::format("exit code {}", ended.code);
  return std::string(text.substr(prefix.size()));
}

}  // namespace

std::string Job::command_line() const {
  std::string line = "robmask";
  for (const std::string& argument : arguments) line += " " + quoted(argument);
  return line;
}

std::vector<Job> in_order(const std::vector<Job>& wanted, bool missing_only) {
  std::set<Path> seen;
  std::vector<Job> list;
  add_jobs(wanted, missing_only, seen, list);
  return list;
}

std::string forecast(const std::vector<Job>& jobs) {
  std::size_t trainings = 0;
  double passes = 0;
  for (const Job& job : jobs) {
    trainings += job.arguments[0] == "train" || job.arguments[0] == "finetune";
    passes += job.passes;
  }
  return fmt::format("{} trainings and {} other commands, about {:.2f} million image passes",
                     trainings, jobs.size() - trainings, passes / 1e6);
}

std::string Runner::run(const Job& job) {
  for (const Job& next : in_order({job}, true)) {
    const auto [why, untried] = tried_.try_emplace(next.folder);
    if (untried) why->second = attempt(next);
    if (!why->second.empty()) return why->second;
  }
  return "";
}

std::string Runner::attempt(const Job& job) {
  stop_if_interrupted();
  log("{}", job.command_line());
  std::vector<std::string> command{program_};
  command.insert(command.end(), job.arguments.begin(), job.arguments.end());
  try {
    std::filesystem::create_directories(job.folder);
    const Ended ended = run_process(command, {}, {.show_errors = true, .signal_of = interrupted});
    stop_if_interrupted();
    if (ended.code != 0) return fmt::format("{}: {}", job.arguments[0], complaint_of(ended));
    write_file(job.result(), ended.output);
    return "";
  } catch (const RunError& error) {
    return error.what();
  } catch (const std::filesystem::filesystem_error& error) {
    return fmt::format("{}: {}", job.folder.string(), error.code().message());
  }
}

}  // namespace robmask::reproduce
