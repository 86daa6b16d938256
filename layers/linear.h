#pragma once

#include "engine/ops.h"
#include "layers/scope.h"

namespace robmask {

/// The classifier: {N,1,1,in} → {N,1,1,out}.
class Linear {
 public:
  Linear(const Scope& scope, Index in, Index out)
      : weight_(scope.uniform("weight", Role::linear_weight, {1, 1, in, out}, in)),
        bias_(scope.uniform("bias", Role::linear_bias, {1, 1, 1, out}, in)) {}

  Variable operator()(const Variable& x) const { return linear(x, weight_, bias_); }

 private:
  Variable weight_, bias_;
};

}  // namespace robmask
