// robmask evaluate: clean and robust accuracy of a checkpoint.

#include "tools/robmask/commands.h"
#include "tools/robmask/evaluation_report.h"
#include "tools/robmask/session.h"

namespace robmask {

int run_evaluate(const EvaluateSettings& s) {
  const bool other = !s.source.empty();
  EvaluationReport evaluation(
      s, s.from,
      {{"weights", weights_identity(s.from)},
       {"source-weights", other ? Json(weights_identity(s.source, "source")) : Json()}});
  const auto load = [&](const std::string& from) {
    return load_model(from, evaluation.machine(), maps_of(s.common), evaluation.overrides());
  };
  const LoadedModel model = load(s.from);
  const std::optional<LoadedModel> source =
      other ? std::optional(load(s.source)) : std::optional<LoadedModel>();
  evaluation.run([&] { evaluation.judge(model, {}, source ? &*source : nullptr); });
  return 0;
}

}  // namespace robmask
