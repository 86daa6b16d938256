#pragma once

#include "engine/ops.h"
#include "layers/scope.h"

namespace robmask {

/// A convolution without bias. `Cin` and `Cout` count channels of all groups.
class Conv2d {
 public:
  Conv2d(const Scope& scope, Index in, Index out, const Window& window)
      : window_(window),
        weight_(scope.uniform("weight", Role::conv_weight,
                              {window.kernel, window.kernel, in / window.groups, out},
                              window.kernel * window.kernel * in / window.groups)) {}

  Variable operator()(const Variable& x, const Variable& into = {}) const {
    return conv2d(x, weight_, window_, into);
  }
  const Window& window() const { return window_; }
  const Variable& weight() const { return weight_; }

 private:
  Window window_;
  Variable weight_;
};

}  // namespace robmask
