// robmask reproduce: a table or figure of the paper, from trainings to the table beside the paper's.

#include <algorithm>
#include <iostream>

#include "data/files/atomic_file.h"
#include "tools/robmask/commands.h"
#include "tools/robmask/options/value.h"
#include "tools/robmask/reproduce/cost.h"
#include "tools/robmask/reproduce/runner.h"
#include "tools/robmask/reproduce/table.h"
#include "tools/robmask/session.h"
#include "training/manners.h"

namespace robmask::reproduce {

namespace {

/// The experiments that are asked for, with the cells of --only.
std::vector<Experiment> chosen(const ReproduceSettings& s) {
  std::vector<Experiment> list;
  for (const std::string& name : split_list(s.experiment)) {
    if (name == "all")
      list.insert(list.end(), experiments().begin(), experiments().end());
    else
      list.push_back(experiment(name));
  }
  if (s.only.empty()) return list;
  std::string names;
  for (Experiment& e : list) {
    for (const Cell& cell : e.cells) names += (names.empty() ? "" : ", ") + cell.name();
    std::erase_if(e.cells, [&](const Cell& cell) {
      return std::ranges::none_of(s.only, [&](const std::string& part) {
        return cell.name().find(part) != std::string::npos;
      });
    });
  }
  std::erase_if(list, [](const Experiment& e) { return e.cells.empty(); });
  require(!list.empty(), "--only: expected (a part of) one of {}, got \"{}\"", names,
          fmt::join(s.only, ","));
  return list;
}

/// The jobs of all cells that can be run, each once.
std::vector<Job> jobs_of(const std::vector<Experiment>& list, const Commands& commands) {
  std::vector<Job> jobs;
  for (const Experiment& e : list)
    for (const Cell& cell : e.cells) try {
        if (!commands.left_out(cell.reading).empty()) continue;
        for (const Job& job : commands.jobs(cell.reading)) jobs.push_back(job);
      } catch (const InputError&) {
        continue;  // run_cell says so in the table
      }
  return jobs;
}

FilledCell run_cell(const Cell& cell, const Commands& commands, Runner& runner) {
  FilledCell entry{cell, {}, commands.left_out(cell.reading)};
  try {
    if (!entry.why.empty()) return entry;
    for (const Job& job : commands.jobs(cell.reading))
      if (entry.why.empty()) entry.why = runner.run(job);
    if (entry.why.empty()) entry.ours = find(cell.reading, commands);
  } catch (const InputError& error) {
    entry.why = error.what();
  }
  return entry;
}

/// The commands of --dry-run, and what they cost.
int print_plan(const std::vector<Job>& jobs, const std::string& cost) {
  for (const Job& job : jobs) std::cout << job.command_line() << '\n';
  std::cout << cost << '\n';
  return 0;
}

/// Runs an experiment and writes its folder. Returns the cells that are missing, a line each.
std::vector<std::string> run_experiment(const Experiment& e, const Commands& commands,
                                        Runner& runner, Json& results, std::string& text) {
  const Path folder = Path(commands.settings().common.out) / e.name;
  std::filesystem::create_directories(folder);
  std::vector<FilledCell> entries;
  std::vector<std::string> failures;
  for (const Cell& cell : e.cells) {
    entries.push_back(run_cell(cell, commands, runner));
    const std::string& why = entries.back().why;
    if (!why.empty() && commands.left_out(cell.reading).empty())
      failures.push_back(fmt::format("{} {}: {}", e.name, cell.name(), why));
  }
  const std::vector<Job> jobs = in_order(jobs_of({e}, commands));
  std::string lines;
  for (const Job& job : jobs) lines += job.command_line() + '\n';
  const std::string table = markdown(e, entries, commands.scale());
  write_file(folder / "table.md", table);
  write_csv(folder / "table.csv", csv(entries));
  write_file(folder / "commands.txt", lines);
  write_json(folder / "settings.json", settings_json(e, jobs, commands.settings()));
  const bool whole = failures.empty() && commands.settings().only.empty();
  if (e.draw != nullptr && whole) e.draw(commands, folder);
  results.push_back({{"experiment", e.name}, {"folder", folder.string()}, {"missing", failures}});
  text += table + '\n';
  return failures;
}

}  // namespace

}  // namespace robmask::reproduce

namespace robmask {

int run_reproduce(const ReproduceSettings& s) {
  using namespace reproduce;
  const std::vector<Experiment> list = chosen(s);
  const Commands commands(s);
  Runner runner("/proc/self/exe");  // this very program, also if its file is replaced meanwhile
  const std::vector<Job> all = jobs_of(list, commands);
  if (all.empty()) throw InputError(run_cell(list[0].cells[0], commands, runner).why);
  if (s.dry_run || !s.common.quiet) {
    const std::vector<Job> wanted = missing(all);
    Cost cost(commands, "/proc/self/exe");
    const std::string line = fmt::format("{}: {}", s.experiment, cost_line(wanted, cost));
    if (s.dry_run) return print_plan(wanted, line);
    log_line(line);
  }
  Json results = Json::array();
  std::string text;
  std::vector<std::string> failures;
  for (const Experiment& e : list) {
    const auto more = run_experiment(e, commands, runner, results, text);
    failures.insert(failures.end(), more.begin(), more.end());
  }
  print_result(s.common, {{"scale", to_string(s.scale)}, {"experiments", results}}, text);
  for (const std::string& failure : failures) warn("missing: " + failure);
  return failures.empty() ? 0 : 1;
}

}  // namespace robmask
