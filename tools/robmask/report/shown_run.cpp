#include "tools/robmask/report/shown_run.h"

#include "tools/robmask/report/tables.h"

namespace robmask {

ShownRun::ShownRun(const ReportSettings& settings, const std::string& run, const std::string& name)
    : settings_(settings), run_(run), figures_{{"name", name}} {
  follow();
  asked_ = evaluation_of(settings, run, files_);
}

void ShownRun::measure(Journal& journal) {
  const Time weights = written_.weights;
  const Index epochs = progress_.epochs;
  figures_.update(run_figures(asked_, settings_.images, run_, files_, journal));
  measured_ = weights;
  epochs_measured_ = epochs;
}

ShownRun::Times ShownRun::written() const {
  const auto time = [](const Path& file) {
    std::error_code missing;  // all that are missing have the same time
    return std::filesystem::last_write_time(file, missing);
  };
  const Path run = run_;
  return {time(std::filesystem::is_directory(run) ? run / "model.safetensors" : run),
          time(run / "log.csv"), time(run / "state.safetensors")};
}

bool ShownRun::follow() {
  const Times now = written();  // what is written while files are read is seen the next time
  if (now == written_) return false;
  written_ = now;
  files_ = read_run(run_);
  progress_ = progress_of(run_, files_.config);
  figures_["config"] = files_.config;
  figures_["log"] = log_json(files_.log);
  return true;
}

std::string ShownRun::words() const {
  return fmt::format("{} has done {} of {} epochs, and was measured after {}",
                     figures_["name"].get<std::string>(), progress_.epochs, progress_.of,
                     epochs_measured_);
}

std::string ShownRun::tables() const {
  const auto folded = [](std::string_view title, const std::string& table) {
    return fmt::format("<details><summary>{}</summary>\n{}</details>\n", title, table);
  };
  return fmt::format(
      "<article><h3>{}</h3>\n{}{}{}{}</article>\n",
      html_escaped(figures_["name"].get<std::string>()),
      accuracy_table(figures_["results"], figures_["data"]),
      folded("Predictions", prediction_table(figures_["samples"], figures_["classes"])),
      folded("Training log", log_table(files_.log)),
      folded("Settings", settings_table(figures_["config"])));
}

}  // namespace robmask
