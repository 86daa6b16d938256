// robmask reproduce: a table or figure of the paper, from trainings to the table beside the
// paper's.

#include <algorithm>
#include <iostream>

#include "data/files/atomic_file.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/options/flags.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/reproduce/findings.h"
#include "tools/robmask/reproduce/table.h"
#include "training/terminal.h"

namespace robmask::reproduce {
namespace {

/// The experiments that are asked for, as the scale runs them.
std::vector<Experiment> experiments_of(const ReproduceSettings& s) {
  std::vector<Experiment> list;
  for (const std::string& name : split_list(s.experiment)) {
    if (name == "all")
      list.insert(list.end(), experiments().begin(), experiments().end());
    else
      list.push_back(experiment(name));
  }
  for (Experiment& e : list) e = at_scale(e, scale_of(s.scale));
  select(list, s.only);
  return list;
}

/// The jobs of cells that the scale does not leave out. `wrong` is why a cell has none, or "".
std::vector<Job> jobs_of(const std::vector<Cell>& cells, const Commands& commands,
                         std::string& wrong) {
  std::vector<Job> jobs;
  for (const Cell& cell : cells) try {
      if (!cell.missing.empty()) continue;
      for (const Job& job : commands.jobs(cell.reading)) jobs.push_back(job);
    } catch (const InputError& error) {
      if (wrong.empty()) wrong = error.what();
    }
  return jobs;
}

/// The missing ones of cells that are asked for. InputError if none of these can have any.
std::vector<Job> missing_jobs(const std::vector<Experiment>& list, const Commands& commands) {
  std::vector<Cell> asked;
  for (const Experiment& e : list)
    std::ranges::copy_if(e.cells, std::back_inserter(asked), &Cell::asked);
  std::string wrong;
  const std::vector<Job> jobs = jobs_of(asked, commands, wrong);
  require(!jobs.empty() || wrong.empty(), "{}", wrong);
  return in_order(jobs, true);
}

/// Fills a cell; one that is not asked for with what an earlier run has left.
void fill(Cell& cell, const Commands& commands, Runner& runner) {
  try {
    const std::vector<Job> jobs = commands.jobs(cell.reading);
    for (const Job& job : jobs)
      if (cell.asked && cell.missing.empty()) cell.missing = runner.run(job);
    if (!cell.asked && !std::ranges::all_of(jobs, &Job::done)) cell.missing = "not asked for";
    if (cell.missing.empty()) cell.ours = find(cell.reading, commands);
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    cell.missing = as_flags(error.what());
  }
}

/// Draws what there is and leaves out the figures that there are not. Returns what goes wrong, or
/// "".
std::string draw(Experiment& e, const Commands& commands, const Path& folder) {
  std::string wrong;
  const bool some = std::ranges::any_of(e.cells, [](const Cell& c) { return !!c.ours; });
  try {
    if (some && e.draw && !e.draw(e, commands, folder))
      wrong = "pictures; their numbers are in " + (folder / "*.csv").string();
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    wrong = as_flags(error.what());
  }
  std::erase_if(e.figures,
                [&](const Figure& f) { return !std::filesystem::exists(folder / f.file); });
  return wrong;
}

/// Runs an experiment and writes its folder. Returns its table; `failures` are a line each.
std::string run_experiment(Experiment e, const Commands& commands, Runner& runner,
                           std::vector<std::string>& failures) {
  const Path out = commands.settings().common.out, folder = out / e.name;
  std::string unfilled, lines;
  const std::vector<Job> jobs = in_order(jobs_of(e.cells, commands, unfilled));
  for (const Job& job : jobs) lines += job.command_line() + '\n';
  std::filesystem::create_directories(folder);
  for (Cell& cell : e.cells) {
    if (!cell.missing.empty()) continue;  // the scale leaves it out
    fill(cell, commands, runner);
    if (cell.asked && !cell.missing.empty())
      failures.push_back(fmt::format("{} {}: {}", e.name, cell.name(), cell.missing));
  }
  const std::string undrawn = draw(e, commands, folder);
  if (!undrawn.empty()) failures.push_back(e.name + ": " + undrawn);
  const Document shown = document(e, commands.scale());
  const std::string table = markdown(shown);
  write_file(folder / "table.md", table);
  write_csv(folder / "table.csv", csv(e));
  write_file(folder / "commands.txt", lines);
  write_json(folder / "settings.json", settings_json(e, jobs, commands.settings()));
  write_file(out / "index.html", index_page(out, e.name, shown));
  return table;
}

}  // namespace
}  // namespace robmask::reproduce

namespace robmask {

namespace {

class Reproduce final : public Command {
 public:
  CommonSettings& common() override { return s_.common; }

  void add_options(Options& o) override {
    Option& experiment = o.add("experiment", s_.experiment,
                               "list of table1 to table9, figure1, figure3, figure4, claims, grid, "
                               "ablations, tradeoff, or all");
    experiment.positional = experiment.required = experiment.list = true;
    experiment.path = false;
    for (const reproduce::Experiment& e : reproduce::experiments())
      experiment.choices.push_back(e.name);
    experiment.choices.emplace_back("all");
    o.add("scale", s_.scale, "how much of the paper's setting");
    o.add("only", s_.only, "list of cells, by (parts of) their names").path = false;
    o.flag("dry-run", s_.dry_run, "print the commands that are missing and what they will cost");
    add_common(o, s_.common);
  }

  void check() override {
    require(!s_.common.out.empty(), "--out: expected a folder for the results");
  }

  /// Each command of an experiment has its own default of the precision.
  void resolve() override {
    if (!s_.common.was_given("precision")) s_.common.precision.reset();
  }

  int run() override {
    using namespace reproduce;
    if (!s_.dry_run) require_output_folder("out", s_.common.out);
    const std::vector<Experiment> list = experiments_of(s_);
    const Commands commands(s_);
    const std::vector<Job> missing = missing_jobs(list, commands);
    const std::string cost = fmt::format("{}: {}", s_.experiment, forecast(missing));
    if (s_.dry_run) {
      for (const Job& job : missing) std::cout << job.command_line() << '\n';
      std::cout << cost << '\n';
      return 0;
    }
    log_line(cost);
    Runner runner("/proc/self/exe");  // also if its file is replaced meanwhile
    Json results = Json::array();
    std::string tables;
    std::vector<std::string> failures;
    for (const Experiment& e : list) {
      std::vector<std::string> here;
      try {  // what goes wrong with one leaves the others standing
        tables += run_experiment(e, commands, runner, here) + '\n';
      } catch (const Interrupted&) {
        throw;
      } catch (const std::exception& error) {
        here.push_back(fmt::format("{}: {}", e.name, as_flags(error.what())));
      }
      const std::string folder = (Path(s_.common.out) / e.name).string();
      results.push_back({{"experiment", e.name}, {"folder", folder}, {"missing", here}});
      failures.insert(failures.end(), here.begin(), here.end());
    }
    print_result(s_.common, {{"scale", to_string(s_.scale)}, {"experiments", results}}, tables);
    for (const std::string& failure : failures) warn("missing: " + failure);
    return failures.empty() ? 0 : 1;
  }

 private:
  ReproduceSettings s_;
};

}  // namespace

std::unique_ptr<Command> reproduce_paper() { return std::make_unique<Reproduce>(); }

}  // namespace robmask
