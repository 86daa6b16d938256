#pragma once
// A checkpoint as an ONNX graph, for any runtime (docs/files.md).

#include <optional>

#include "data/onnx/graph.h"
#include "training/checkpoint.h"

namespace robmask {

/// The network through the mask of strength `mask`, or through all of its masks: then p is an input
/// of the graph, and γ and β (and, if split, running statistics) are blended in it. The input images
/// {batch, 3, S, S} in [0,1] have `image_size` pixels a side; the output is logits {batch, classes}.
/// InputError for a mask that the model does not have, and for ops that have no counterpart.
onnx::Graph onnx_graph(const LoadedModel& from, std::optional<double> mask, Index image_size);

}  // namespace robmask
