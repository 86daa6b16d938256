// robmask report: one self-contained HTML page of one or several runs.

#include "data/files/atomic_file.h"
#include "engine/version.h"
#include "tools/robmask/evaluation_report.h"
#include "tools/robmask/options/attack.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/report/figures.h"
#include "tools/robmask/report/page.h"
#include "tools/robmask/report/tables.h"
#include "training/terminal.h"

namespace robmask {

namespace {

namespace fs = std::filesystem;

/// The tables of one run, folded but for the accuracies.
std::string tables_of(const Json& run, const CsvTable& log) {
  const auto folded = [](std::string_view title, const std::string& table) {
    return fmt::format("<details><summary>{}</summary>\n{}</details>\n", title, table);
  };
  return fmt::format(
      "<article><h3>{}</h3>\n{}{}{}{}</article>\n", html_escaped(run["name"].get<std::string>()),
      accuracy_table(run["results"], run["data"]),
      folded("Predictions", prediction_table(run["samples"], run["classes"])),
      folded("Training log", log_table(log)), folded("Settings", settings_table(run["config"])));
}

/// All that the figures depend on.
Json journal_settings(const ReportSettings& s) {
  Json runs = Json::array();
  for (const std::string& run : s.runs) runs.push_back(weights_identity(run));
  return {{"runs", runs},
          {"data", s.common.data},
          {"limit-test", s.common.limit_test ? Json(*s.common.limit_test) : Json()},
          {"sample", to_string(s.common.sample)},
          {"seed", s.common.seed},
          {"precision", to_string(*s.common.precision)},
          {"mask", s.masks},
          {"eps", s.eps.text},
          {"attack-steps", s.attack.steps},
          {"start", to_string(s.attack.start)}};
}

class Report final : public Command {
 public:
  CommonSettings& common() override { return s_.common; }

  void add_options(Options& o) override {
    Option& runs =
        o.add("runs", s_.runs, "run directories or weights files, side by side on one page");
    runs.positional = runs.several = runs.required = true;
    o.add("images", s_.images, "first test images to show", from_to(1, 64));
    o.add("mask", s_.masks, "list of mask strengths p, for runs with several masks", from_to(0, 1));
    o.flag("resume", s_.resume, "go on with an interrupted report");
    o.group("Attack");
    o.add("eps", s_.eps, "largest perturbation, in the run's norm", at_least(0),
          "the run's eps_max");
    add_iterations(o, s_.attack);
    add_batch(o, s_.batch);
    add_common(o, s_.common);
  }

  void check() override {
    require(s_.runs.size() == 1 || !s_.common.out.empty(),
            "--out: expected the page to write for {} runs, such as report.html", s_.runs.size());
  }

  void resolve() override {
    if (s_.common.out.empty()) {
      const Path run = s_.runs.front();
      s_.common.out =
          (fs::is_regular_file(run) ? Path(run).replace_extension(".html") : run / "report.html")
              .string();
    }
    std::ranges::sort(s_.masks);
    s_.masks.erase(std::unique(s_.masks.begin(), s_.masks.end()), s_.masks.end());
  }

  int run() override {
    std::vector<RunFiles> files;  // of all runs, before the first takes minutes
    std::vector<EvaluationSettings> asked;
    for (const std::string& run : s_.runs) {
      files.push_back(read_run(run));
      asked.push_back(evaluation_of(s_, run, files.back()));
    }
    const std::vector<std::string> names = run_names(s_.runs);
    const Path out = s_.common.out;
    require_output_folder("out", out.parent_path());
    if (!out.parent_path().empty()) fs::create_directories(out.parent_path());
    require_output_file("out", out, {".html", ".htm"});
    if (s_.resume && !fs::exists(out.string() + ".journal"))
      tell_of_new_start(out.parent_path(), "journal of an interrupted report");
    Journal journal(out.string() + ".journal", journal_settings(s_), s_.resume);

    Json report{{"program", fmt::format("robmask {}", version)}, {"runs", Json::array()}};
    Json printed = Json::array();
    std::string tables;
    const auto measure = [&](std::size_t i) {
      log("report: {} ({} of {})", s_.runs[i], i + 1, files.size());
      Json run{{"name", names[i]}};
      run.update(run_figures(asked[i], s_.images, s_.runs[i], files[i], journal));
      tables += tables_of(run, files[i].log);
      printed.push_back({{"run", s_.runs[i]}, {"results", run["results"]}});
      report["runs"].push_back(std::move(run));
    };
    journal.resumable([&] {
      for (std::size_t i = 0; i < files.size(); ++i) measure(i);
      const std::string page = html_page(report, tables);
      write_file(out, page);
      print_result(
          s_.common, {{"report", out.string()}, {"bytes", page.size()}, {"runs", printed}},
          fmt::format("{}: {} run{}, {:.1f} MB; open it in a browser\n", out.string(), files.size(),
                      files.size() == 1 ? "" : "s", static_cast<double>(page.size()) / 1e6));
    });
    journal.remove();  // last: until here, a failure or a kill can be resumed
    return 0;
  }

 private:
  ReportSettings s_;
};

}  // namespace

std::unique_ptr<Command> report() { return std::make_unique<Report>(); }

}  // namespace robmask
