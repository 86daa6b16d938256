// robmask reproduce: a table or figure of the paper, from trainings to the table beside the paper's.

#include <algorithm>
#include <iostream>

#include "data/files/atomic_file.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/reproduce/cost.h"
#include "tools/robmask/reproduce/index_page.h"
#include "tools/robmask/reproduce/runner.h"
#include "tools/robmask/reproduce/selection.h"
#include "tools/robmask/reproduce/table.h"
#include "tools/robmask/session.h"
#include "training/manners.h"

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
  return list;
}

/// The jobs of the cells that are asked for and can be run, each once.
std::vector<Job> jobs_of(const std::vector<Experiment>& list, const Selection& selection,
                         const Commands& commands) {
  std::vector<Job> jobs;
  for (const Experiment& e : list)
    for (const Cell& cell : e.cells) try {
        if (!selection.asks_for(cell) || !commands.left_out(cell.reading).empty()) continue;
        for (const Job& job : commands.jobs(cell.reading)) jobs.push_back(job);
      } catch (const InputError&) {
        continue;  // run_cell says so in the table
      }
  return jobs;
}

class Reproduction {
 public:
  Reproduction(const Commands& commands, const Selection& selection, Runner& runner)
      : commands_(commands), selection_(selection), runner_(runner) {}

  /// Runs an experiment and writes its folder. Whatever goes wrong is one of failures(), and leaves
  /// the other experiments standing.
  void run(const Experiment& e);

  const std::vector<std::string>& failures() const { return failures_; }
  const Json& results() const { return results_; }
  const std::string& text() const { return text_; }

 private:
  /// Does `work` for an experiment and notes what goes wrong.
  template <class Work>
  void guarded(const Experiment& e, Work work);
  void fill(const Experiment& e);
  FilledCell fill(const Cell& cell);
  void write(const Experiment& e, const Path& folder, const std::vector<FilledCell>& cells);

  const Commands& commands_;
  const Selection& selection_;
  Runner& runner_;
  std::vector<std::string> failures_;  // a line each
  Json results_ = Json::array();
  std::string text_;  // the tables
};

/// A cell that is not asked for is filled with what an earlier run has left.
FilledCell Reproduction::fill(const Cell& cell) {
  FilledCell entry{cell, {}, commands_.left_out(cell.reading)};
  try {
    if (!entry.why.empty()) return entry;
    if (!selection_.asks_for(cell)) {
      entry.ours = found(cell.reading, commands_);
      if (!entry.ours) entry.why = "not asked for";
      return entry;
    }
    for (const Job& job : commands_.jobs(cell.reading))
      if (entry.why.empty()) entry.why = runner_.run(job);
    if (entry.why.empty()) entry.ours = find(cell.reading, commands_);
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    entry.why = error.what();
  }
  return entry;
}

void Reproduction::write(const Experiment& e, const Path& folder,
                         const std::vector<FilledCell>& cells) {
  const std::vector<Job> jobs = in_order(jobs_of({e}, Selection({e}, {}), commands_));
  std::string lines;
  for (const Job& job : jobs) lines += job.command_line() + '\n';
  const std::string table = markdown(e, cells, commands_.scale());
  text_ += table + '\n';
  write_file(folder / "table.md", table);
  write_csv(folder / "table.csv", csv(cells));
  write_file(folder / "commands.txt", lines);
  write_json(folder / "settings.json", settings_json(e, jobs, commands_.settings()));
}

template <class Work>
void Reproduction::guarded(const Experiment& e, Work work) {
  try {
    work();
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    failures_.push_back(fmt::format("{}: {}", e.name, error.what()));
  }
}

void Reproduction::fill(const Experiment& e) {
  const Path folder = Path(commands_.settings().common.out) / e.name;
  std::filesystem::create_directories(folder);
  std::vector<FilledCell> cells;
  for (const Cell& cell : e.cells) {
    const FilledCell& entry = cells.emplace_back(fill(cell));
    if (!entry.why.empty() && selection_.asks_for(cell) && commands_.left_out(cell.reading).empty())
      failures_.push_back(fmt::format("{} {}: {}", e.name, cell.name(), entry.why));
  }
  const bool some = std::ranges::any_of(cells, [](const FilledCell& c) { return !!c.ours; });
  guarded(e, [&] {  // the table stands without its pictures
    if (some && e.draw != nullptr && !e.draw(e, commands_, folder))
      failures_.push_back(fmt::format("{}: pictures; their numbers are in {}", e.name,
                                      (folder / "*.csv").string()));
  });
  Experiment drawn = e;
  std::erase_if(drawn.figures,
                [&](const Figure& f) { return !std::filesystem::exists(folder / f.file); });
  write(drawn, folder, cells);
}

void Reproduction::run(const Experiment& e) {
  const std::size_t before = failures_.size();
  const Path out = commands_.settings().common.out;
  guarded(e, [&] { fill(e); });
  guarded(e, [&] { write_file(out / "index.html", index_page(out)); });
  results_.push_back(
      {{"experiment", e.name},
       {"folder", (out / e.name).string()},
       {"missing",
        std::vector(failures_.begin() + static_cast<std::ptrdiff_t>(before), failures_.end())}});
}

/// Throws what is wrong with --data if that is why nothing can be run.
void check_data(const std::vector<Experiment>& list, const Selection& selection,
                const Commands& commands) {
  for (const Experiment& e : list)
    for (const Cell& cell : e.cells)
      if (selection.asks_for(cell) && commands.left_out(cell.reading).empty())
        commands.jobs(cell.reading);
}

/// The commands of --dry-run, and what they cost.
int print_plan(const std::vector<Job>& jobs, const std::string& cost) {
  for (const Job& job : jobs) std::cout << job.command_line() << '\n';
  std::cout << cost << '\n';
  return 0;
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
                               "list of table1 … table9, figure1, figure3, figure4, claims, grid, "
                               "ablations, tradeoff, or all");
    experiment.positional = experiment.required = true;
    o.add("scale", s_.scale, "how much of the paper's setting");
    o.add("only", s_.only, "list of cells, by (parts of) their names");
    o.flag("dry-run", s_.dry_run, "print the commands that are missing and what they will cost");
    add_common(o, s_.common);
  }

  void check() override {
    check_common(s_.common);
    require(!s_.common.out.empty(), "--out: expected a folder for the results");
  }

  /// Each command of an experiment has its own default of the precision.
  void resolve() override {
    if (!s_.common.was_given("precision")) s_.common.precision.reset();
  }

  int run() override {
    using namespace reproduce;
    if (!s_.dry_run) require_output_folder("out", s_.common.out);
    const std::string self = "/proc/self/exe";  // also if its file is replaced meanwhile
    std::vector<Experiment> list = experiments_of(s_);
    const Selection selection(list, s_.only);
    std::erase_if(list, [&](const Experiment& e) { return !selection.asks_for(e); });
    const Commands commands(s_);
    const std::vector<Job> all = jobs_of(list, selection, commands);
    if (all.empty()) check_data(list, selection, commands);
    if (s_.dry_run || !s_.common.quiet) {
      const std::vector<Job> wanted = missing(all);
      Cost cost(commands, self);
      const std::string line = fmt::format("{}: {}", s_.experiment, cost_line(wanted, cost));
      if (s_.dry_run) return print_plan(wanted, line);
      log_line(line);
    }
    Runner runner(self);
    Reproduction reproduction(commands, selection, runner);
    for (const Experiment& e : list) reproduction.run(e);
    print_result(s_.common,
                 {{"scale", to_string(s_.scale)}, {"experiments", reproduction.results()}},
                 reproduction.text());
    for (const std::string& failure : reproduction.failures()) warn("missing: " + failure);
    return reproduction.failures().empty() ? 0 : 1;
  }

 private:
  ReproduceSettings s_;
};

}  // namespace

std::unique_ptr<Command> reproduce_paper() { return std::make_unique<Reproduce>(); }

}  // namespace robmask
