#pragma once
// The commands themselves, one file each. Settings are checked and resolved. Each returns the exit
// code: 0 done, 1 a check failed; and throws InputError (2), Unavailable (77), Interrupted (130, 143)
// or another exception (1) after leaving files in order.

#include "training/settings.h"

namespace robmask {

int run_train(TrainSettings settings);
int run_finetune(const FinetuneSettings& settings);
int run_evaluate(const EvaluateSettings& settings);
int run_predict(const PredictSettings& settings);
int run_interpolate(const InterpolateSettings& settings);
int run_export(const ExportSettings& settings);
int run_info(const InfoSettings& settings);
int run_bench(const BenchSettings& settings);
int run_report(const ReportSettings& settings);
int run_reproduce(const ReproduceSettings& settings);

}  // namespace robmask
