#pragma once
// Section 3.2: masks between those of two models that share all else.

#include <string>

#include "training/checkpoint.h"

namespace robmask {

/// InputError unless the two are equal but for batch norm: a model and its finetuning. The names
/// are those that messages call them by.
void require_alike(const LoadedModel& first, const LoadedModel& second,
                   const std::string& first_name = {}, const std::string& second_name = {});

/// to ← p·first + (1−p)·second in γ, β and, unless `affine_only`, running statistics, else first's.
/// All three are alike.
void blend(const LoadedModel& to, const LoadedModel& first, const LoadedModel& second, double p,
           bool affine_only = false);

/// One model with two masks and split statistics: mask 0, p = 0, is first's, mask 1, p = 1, is
/// second's. "Store one model and employ a series of learned adversarial maskings." InputError
/// unless each has one mask.
LoadedModel with_both_masks(const LoadedModel& first, const LoadedModel& second);

}  // namespace robmask
