#include "tools/robmask/report/figures.h"

#include "data/imagenet.h"
#include "tools/robmask/evaluation_report.h"
#include "tools/robmask/load_data.h"
#include "tools/robmask/options/attack.h"
#include "tools/robmask/report/samples.h"

namespace robmask {

EvaluationSettings evaluation_of(const ReportSettings& s, const std::string& run,
                                 const RunFiles& files) {
  EvaluationSettings e;
  e.common = s.common;
  follow_data(e.common, run, "");
  require(!e.common.data.empty(),
          "--data: expected the images to measure {} on: no config.json beside it names them", run);
  e.attack = s.attack;
  e.attack.norm = from_string<Norm>(files.info.norm);
  e.mask.values = files.info.spec.masks > 1 ? s.masks : std::vector{0.0};
  e.eps = {s.eps};
  require(!s.eps.text.empty() || Value<Strength>::read(files.info.eps_max, e.eps.front()),
          "eps_max of the checkpoint: expected a number or a fraction, got \"{}\"; give --eps",
          files.info.eps_max);
  check_eps("eps", e.eps.front(), e.attack.norm);
  e.batch = s.batch;
  return e;
}

Json log_json(const CsvTable& log) {
  Json json = Json::object();
  for (std::size_t c = 0; c < log.columns.size(); ++c) {
    Json& column = json[log.columns[c]] = Json::array();
    for (const CsvRow& row : log.rows) {
      double v = 0;
      column.push_back(Value<double>::read(row[c], v) ? Json(v) : Json());
    }
  }
  return json;
}

namespace {

Json model_json(const LoadedModel& from) {
  const ModelSpec& spec = from.info.spec;
  return {{"name", spec.name},
          {"width", spec.width},
          {"method", from.info.method},
          {"masks", spec.masks},
          {"statistics", spec.statistics()},
          {"eps_max", from.info.eps_max},
          {"parameters", from.model->parameter_count()}};
}

}  // namespace

Json run_figures(const EvaluationSettings& e, Index images_shown, const Path& run,
                 const RunFiles& files, Journal& journal) {
  Backend& machine = machine_of(e.common);
  const LoadedModel from = load_model(run, machine, maps_of(e.common), {});
  Dataset data = load_data(e.common, Part::test, from.info);
  tell_of(data.warnings);
  const Images images(machine, std::move(data.test));

  const std::string name =
      fmt::format("{} on {}", weights_identity(run), images.split().fingerprint());
  ModelEvaluation evaluation(e, name, from, from, images, processes(), &journal);
  const std::vector<Combination> combinations = combinations_of(e, from, from);
  Json results = Json::array();
  for (const Combination& combination : combinations) {
    Json& result = results.emplace_back(
        result_of(evaluation.run(combination), e, from, images.split().labels, data.classes));
    result.erase("seconds");  // the same run gives the same page
  }
  return {{"data", e.common.data},
          {"classes", class_titles(data.classes)},
          {"model", model_json(from)},
          {"config", files.config},
          {"results", results},
          {"samples", sample_json(*from.model, images, combinations.front().plan, e.mask.values,
                                  images_shown, e.batch, e.common.seed)},
          {"log", log_json(files.log)}};
}

}  // namespace robmask
