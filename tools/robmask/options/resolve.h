#pragma once
// Every default that depends on something else, settled in one place.

#include "tools/robmask/options/commands.h"

namespace robmask {

/// The name of the machine that --device means: "auto" is CUDA where there is a device, else the
/// CPU, which `auto_fell_back` reports. Throws Unavailable for a CUDA device that is not here.
std::string machine_name(const std::string& device, bool& auto_fell_back);

/// A name for a new run, runs/<method>-<model>-<time>, in local time.
std::string run_directory(Method method, const std::string& model);

/// Fills what parse() left open, for a machine of that name: device, threads, precision (fp32 on
/// the CPU; on CUDA bf16 to train, finetune and bench, fp32 otherwise), model and width, masks,
/// statistics and auxiliary ε of the method, the run directory of train and finetune, the page of
/// report, the data of the run that a command reads (run_data.h; report may read several); and lists in
/// common.unused the given options that the method or the attacks do not use. InputError for a
/// precision that the machine does not have, and for settings that a resumed run does not have.
void resolve(TrainSettings& settings, const std::string& machine);
void resolve(FinetuneSettings& settings, const std::string& machine);
void resolve(EvaluateSettings& settings, const std::string& machine);
void resolve(PredictSettings& settings, const std::string& machine);
void resolve(InterpolateSettings& settings, const std::string& machine);
void resolve(ExportSettings& settings, const std::string& machine);
void resolve(InfoSettings& settings, const std::string& machine);
void resolve(BenchSettings& settings, const std::string& machine);
void resolve(ReportSettings& settings, const std::string& machine);
/// The precision stays open: each command of an experiment has its own default.
void resolve(ReproduceSettings& settings, const std::string& machine);

}  // namespace robmask
