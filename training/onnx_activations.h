#pragma once

#include "engine/activation.h"
#include "training/onnx_nodes.h"

namespace robmask {

/// f of the value x, in as many nodes as ONNX takes for it.
std::string activated(OnnxNodes& nodes, const Activation& f, const std::string& x);

}  // namespace robmask
