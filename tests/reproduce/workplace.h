#pragma once
// Settings of `robmask reproduce` for tests: a scale, and data folders that nobody opens.

#include "data/files/json.h"
#include "tests/files/scratch.h"
#include "tools/robmask/reproduce/commands.h"

namespace robmask::reproduce {

/// Settings as resolve() leaves them.
inline ReproduceSettings settings_of(ScaleName scale, const Path& out) {
  ReproduceSettings s;
  s.scale = scale;
  s.common.out = out.string();
  s.common.device = "cpu";
  s.common.data = "cifar10:/data/ten,cifar100:/data/hundred,imagenet:/data/imagenet";
  return s;
}

/// Leaves a result of an evaluation, as evaluate --json prints it.
inline void put_result(const Job& job, double clean, double robust) {
  std::filesystem::create_directories(job.folder);
  const Json result{{"n", 500},
                    {"clean_accuracy", clean},
                    {"clean_interval", {clean - 0.04, clean + 0.04}},
                    {"robust_accuracy", robust},
                    {"interval", {robust - 0.03, robust + 0.03}}};
  write_json(job.result(), {{"results", {result}}});
}

}  // namespace robmask::reproduce
