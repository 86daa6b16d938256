// robmask report: one self-contained HTML page of one or several runs.

#include "data/files/atomic_file.h"
#include "engine/version.h"
#include "tools/robmask/evaluation_report.h"
#include "tools/robmask/options/attack.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/report/page.h"
#include "tools/robmask/report/watch.h"
#include "training/terminal.h"

namespace robmask {

namespace {

namespace fs = std::filesystem;

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
    o.flag("watch", s_.watch, "write the page again as the runs go on, until they have ended");
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
    require(!s_.watch || !s_.resume,
            "--resume: not with --watch, which measures what is there now: leave out one");
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
    const Path out = s_.common.out;
    require_output_folder("out", out.parent_path());
    if (s_.watch) wait_for_weights(s_.runs);
    const std::vector<std::string> names = run_names(s_.runs);
    std::vector<ShownRun> runs;  // all are read before the first takes minutes
    for (std::size_t i = 0; i < s_.runs.size(); ++i) runs.emplace_back(s_, s_.runs[i], names[i]);
    if (!out.parent_path().empty()) fs::create_directories(out.parent_path());
    require_output_file("out", out, {".html", ".htm"});
    if (s_.watch) {
      follow(runs);
    } else {
      measure(runs);
    }
    return 0;
  }

 private:
  Path journal_path() const { return s_.common.out + ".journal"; }

  void measure(std::vector<ShownRun>& runs) const {
    if (s_.resume && !fs::exists(journal_path()))
      tell_of_new_start(journal_path().parent_path(), "journal of an interrupted report");
    Journal journal(journal_path(), journal_settings(s_), s_.resume);
    journal.resumable([&] {
      for (std::size_t i = 0; i < runs.size(); ++i) {
        log("report: {} ({} of {})", runs[i].run(), i + 1, runs.size());
        runs[i].measure(journal);
      }
      print(runs, write(runs));
    });
    journal.remove();  // last: until here, a failure or a kill can be resumed
  }

  /// Each measurement has a journal of its own: by the next, the weights are others.
  void follow(std::vector<ShownRun>& runs) const {
    const auto measure = [&](ShownRun& run) {
      Journal journal(journal_path(), journal_settings(s_), false);
      log("report: {}", run.run());
      try {
        run.measure(journal);
      } catch (...) {
        journal.remove();
        throw;
      }
      journal.remove();
    };
    std::size_t bytes = 0;
    watch(runs, measure, [&](const std::string& words) {
      bytes = write(runs, words);
      if (!words.empty()) log("report: {}: {}", s_.common.out, words);
    });
    print(runs, bytes);
  }

  /// Returns the size of the page.
  std::size_t write(const std::vector<ShownRun>& runs, const std::string& watched = {}) const {
    Json report{{"program", fmt::format("robmask {}", version)}, {"runs", Json::array()}};
    std::string tables;
    for (const ShownRun& run : runs) {
      report["runs"].push_back(run.figures());
      tables += run.tables();
    }
    const std::string page = html_page(report, tables, watched);
    write_file(s_.common.out, page);
    return page.size();
  }

  void print(const std::vector<ShownRun>& runs, std::size_t bytes) const {
    Json printed = Json::array();
    for (const ShownRun& run : runs)
      printed.push_back({{"run", run.run()}, {"results", run.figures()["results"]}});
    print_result(
        s_.common, {{"report", s_.common.out}, {"bytes", bytes}, {"runs", printed}},
        fmt::format("{}: {} run{}, {:.1f} MB; open it in a browser\n", s_.common.out, runs.size(),
                    runs.size() == 1 ? "" : "s", static_cast<double>(bytes) / 1e6));
  }

  ReportSettings s_;
};

}  // namespace

std::unique_ptr<Command> report() { return std::make_unique<Report>(); }

}  // namespace robmask
