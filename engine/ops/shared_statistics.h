#pragma once
// Batch statistics over all shards of a batch (SyncBatchNorm), from those of each (docs/shards.md).

#include "engine/backend.h"
#include "engine/context.h"
#include "engine/ops.h"

namespace robmask {

/// The lens of a segment whose statistics are those of all shards' segments. A train pass updates the
/// running ones.
Lens shared_lens(const Tensor& x, const MaskSource& own, const Segment& segment);

/// Backend::mask_gradient through them.
void shared_mask_gradient(const MaskGradients& wanted, const Tensor& dz, const Tensor& z,
                          const MaskPass& pass, const MaskState& state, SharedRows& shared);

}  // namespace robmask
