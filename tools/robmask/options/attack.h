#pragma once
// Options of an attack by steps.

#include "tools/robmask/options/option.h"
#include "training/settings.h"

namespace robmask {

/// --norm, --attack-steps, --step-size and --start.
void add_attack(Options& options, AttackSettings& attack);
/// --attack-steps, --step-size and --start alone.
void add_iterations(Options& options, AttackSettings& attack);

/// InputError unless ε is at most 1 under L∞, where pixels lie in [0,1].
void check_eps(const std::string& option, const Strength& eps, Norm norm);

}  // namespace robmask
