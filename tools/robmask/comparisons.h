#pragma once
// What several results on the same images say together.

#include <span>

#include "attacks/checks.h"
#include "tools/robmask/attack_result.h"

namespace robmask {

/// The point-wise worst case, an entry for each model, mask and ε that several attacks share: an
/// image is robust if it withstands all of them.
///   [{"mask": …, "norm": …, "eps": …, "attacks": […], "n": …, "robust_accuracy": …, …}, …]
Json worst_cases(std::span<const AttackResult> results);

/// Each result against the one of the mask `reference` with the same attack and ε: the entry of
/// "paired_masks" of results[i] is element i, an empty list where there is none.
///   [{"mask": reference, "robust_here_only": b, "robust_there_only": c, "p_value": …}]
std::vector<Json> mask_pairs(std::span<const AttackResult> results, double reference);

/// Where Square breaks what attacks with gradients do not: a doubt for each model, mask and ε.
struct MaskDoubt {
  double mask = 0;
  Doubt doubt;
};
std::vector<MaskDoubt> masked_gradients(std::span<const AttackResult> results);

}  // namespace robmask
