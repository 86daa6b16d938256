#pragma once
// What attacks drive up, as functions of one image's logits z: the value, and its gradient with
// respect to z. They are a few numbers an image, so the host computes them, in double.

#include <span>
#include <vector>

#include "engine/shape.h"

namespace robmask {

/// One image's logits, and where the gradient of a loss goes, of the same length.
using Logits = std::span<const double>;
using LogitGradient = std::span<double>;

/// A loss of the logits of an image of class `label`, whose gradient it writes. Losses that aim at
/// a class take it as `target`; the others ignore it.
using LogitLoss = double (*)(Logits z, Index label, Index target, LogitGradient gradient);

/// Cross entropy, log Σ exp z − z_label.
double ce(Logits z, Index label, Index target, LogitGradient gradient);
/// max_{i ≠ label} z_i − z_label, the loss of Carlini & Wagner (2017): positive once misclassified.
double margin(Logits z, Index label, Index target, LogitGradient gradient);
/// margin / (z_(1) − z_(3) + 1e-12), z_(j) in descending order (Croce & Hein 2020): blind to shifts
/// and scales of the logits. At least three classes.
double dlr(Logits z, Index label, Index target, LogitGradient gradient);
/// (z_target − z_label) / (z_(1) − (z_(3) + z_(4))/2 + 1e-12). At least four classes.
double targeted_dlr(Logits z, Index label, Index target, LogitGradient gradient);
/// z_target − z_label, whose zeros are the boundary that FAB-T walks to.
double difference(Logits z, Index label, Index target, LogitGradient gradient);

/// The class of the largest logit, the first on a tie.
Index predicted(Logits z);
/// The classes other than `label` in descending order of their logits, at most `count`: whom a
/// targeted attack aims at, the likeliest first.
std::vector<std::int32_t> runners_up(Logits z, Index label, Index count);

}  // namespace robmask
