#include "tools/robmask/reproduce/job.h"

#include <fmt/format.h>
#include <cstdint>
#include <set>

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

/// Adds a job after its needs, unless it is there or `left_out`.
void add(const Job& job, bool (*left_out)(const Job&), std::set<Path>& seen,
         std::vector<Job>& list) {
  if (left_out(job) || !seen.insert(job.folder).second) return;
  for (const Job& need : job.needs) add(need, left_out, seen, list);
  list.push_back(job);
}

std::vector<Job> ordered(const std::vector<Job>& wanted, bool (*left_out)(const Job&)) {
  std::set<Path> seen;
  std::vector<Job> list;
  for (const Job& job : wanted) add(job, left_out, seen, list);
  return list;
}

}  // namespace

std::string Job::command_line() const {
  std::string line = "robmask";
  for (const std::string& argument : arguments) line += " " + quoted(argument);
  return line;
}

std::vector<Job> in_order(const std::vector<Job>& wanted) {
  return ordered(wanted, [](const Job&) { return false; });
}

std::vector<Job> missing(const std::vector<Job>& wanted) {
  return ordered(wanted, [](const Job& job) { return job.done(); });
}

std::string hash_of(const std::vector<std::string>& words) {
  std::uint32_t hash = 2166136261u;
  for (const std::string& word : words)
    for (const char c : word + '\n') hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return fmt::format("{:08x}", hash);
}

}  // namespace robmask::reproduce
