#pragma once
// Masks of a strength that is known only when the graph runs: what engine/ops/mask.cpp does in eval
// mode, in ONNX's operators.

#include <string>

#include "models/model.h"
#include "training/onnx_nodes.h"

namespace robmask {

/// A norm's tables {k, C} and {pairs, C}, by the names of their constants.
struct OnnxNorm {
  std::string layer;
  std::string weight, bias, mean, variance;
  Index channels;
  double eps;
};

class OnnxMasks {
 public:
  static constexpr auto strength_input = "p";

  /// Adds the input p, {1} or {batch}, and the codes u(p) over masks and pairs of statistics.
  OnnxMasks(OnnxNodes& nodes, const ModelSpec& spec);

  /// γ·x̂ + β of the value x, for each image by its own p or for all by one.
  std::string rescaled(const std::string& x, const OnnxNorm& norm);

 private:
  /// Hat functions over `count` knots, at p·(count − 1) or the knot nearest to it: {m, count}.
  std::string code(const std::string& name, Index count, bool nearest);
  /// {m, C} → {m, C, 1, 1}
  std::string over_pixels(const std::string& value);
  /// x·scale + shift, both {m, C}
  std::string lens(const std::string& x, const std::string& layer, const std::string& scale,
                   const std::string& shift);

  OnnxNodes& nodes_;
  bool split_;
  std::string code_, pair_code_;
};

}  // namespace robmask
