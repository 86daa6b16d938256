#pragma once
// The combinations that an evaluation consists of: every mask, attack and ε.

#include <algorithm>
#include <string>
#include <vector>

#include "attacks/plan.h"
#include "tools/robmask/evaluation_settings.h"
#include "training/checkpoint.h"

namespace robmask {

/// One combination; the attack and the value of ε are the plan's.
struct Combination {
  double mask = 0;
  Strength eps;
  AttackPlan plan;
  double attacked_mask = mask;  // that the attack goes through: another only where it transfers

  /// Is there nothing to attack with?
  bool is_idle() const { return std::ranges::all_of(stages(plan), &AttackPlan::is_idle); }
};

/// The combinations that settings ask for, by mask, attack and ε in the order given; with
/// reuse_broken ε ascends. `source`: where adversarial examples are made, the model itself unless
/// they transfer. InputError for a mask that a model lacks, an attack that this build lacks, one
/// whose loss needs more classes than the model has, and a source of other classes.
std::vector<Combination> combinations_of(const EvaluationSettings& settings,
                                         const LoadedModel& model, const LoadedModel& source);

/// The attacks that it runs one after the other; one, but for ensembles.
std::vector<AttackName> stage_names(const Combination& combination);

}  // namespace robmask
