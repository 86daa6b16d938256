#pragma once

#include "tools/robmask/options/commands.h"

namespace robmask {

/// The options among s.common.given that training by s.method does not use.
std::vector<std::string> unused_by_method(const TrainSettings& settings);
/// The same for finetuning, where --masks and --bn-stats describe the file.
std::vector<std::string> unused_by_finetuning(const TrainSettings& settings);
/// The options among s.common.given that only concern other attacks than those listed.
std::vector<std::string> unused_by_attacks(const EvaluateSettings& settings);

}  // namespace robmask
