// robmask evaluate: clean and robust accuracy of a checkpoint.

#include "tools/robmask/commands.h"
#include "tools/robmask/evaluation.h"
#include "tools/robmask/session.h"

namespace robmask {

int run_evaluate(const EvaluateSettings& s) {
  Evaluation evaluation(s, s.from, {{"weights", weights_identity(s.from)}});
  evaluation.judge(
      load_model(s.from, evaluation.machine(), maps_of(s.common), evaluation.overrides()));
  evaluation.finish();
  return 0;
}

}  // namespace robmask
