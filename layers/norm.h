#pragma once

#include "layers/conv2d.h"

namespace robmask {

/// Batch normalization with k masks (§4 of the paper): γ = Σ_j u_j w_j, β = Σ_j u_j w'_j, all w_j
/// start at 1 and all w'_j at 0; one pair of running statistics, or several. Called with a ReLU and
/// a residual it is the whole mask. PyTorch's conventions: eps 1e-5, momentum 0.1, biased variance
/// to normalize, unbiased variance stored.
class MaskedNorm {
 public:
  MaskedNorm(const Scope& scope, Index channels) : name_(scope.name()) {
    const Shape masks{scope.shape().masks, 1, 1, channels},
        pairs{scope.shape().pairs, 1, 1, channels};
    state_.weight = scope.constant("weight", Role::mask_weight, masks, 1);
    state_.bias = scope.constant("bias", Role::mask_bias, masks, 0);
    state_.running_mean = scope.constant("running_mean", Role::running_mean, pairs, 0).value();
    state_.running_variance =
        scope.constant("running_var", Role::running_variance, pairs, 1).value();
    state_.tracked =
        scope.constant("num_batches_tracked", Role::tracked, pairs.with_channels(1), 0).value();
  }

  /// relu(norm(x) [+ residual])
  Variable operator()(const Variable& x, const Context& context,
                      const Variable& residual = {}) const {
    return watched(mask(x, state_, context, {.relu = true, .residual = residual}), context);
  }
  /// relu(norm(conv(x)) [+ residual])
  Variable operator()(const Conv2d& conv, const Variable& x, const Context& context,
                      const Variable& residual = {}) const {
    const MaskOptions options{.relu = true, .residual = residual};
    return watched(masked_conv2d(x, conv.weight(), conv.window(), state_, context, options),
                   context);
  }
  /// f(norm(x)) and f(norm(conv(x))), for networks with another function than the paper's ReLU.
  Variable operator()(const Variable& x, const Context& context, const Activation& f) const {
    return watched(activate(mask(x, state_, context, {.relu = false}), f), context);
  }
  Variable operator()(const Conv2d& conv, const Variable& x, const Context& context,
                      const Activation& f) const {
    return watched(activate(normalize(conv, x, context), f), context);
  }
  /// norm(conv(x)), without the clamp: shortcuts.
  Variable normalize(const Conv2d& conv, const Variable& x, const Context& context) const {
    return masked_conv2d(x, conv.weight(), conv.window(), state_, context, {.relu = false});
  }

 private:
  Variable watched(const Variable& y, const Context& context) const {
    if (context.watch) context.watch(name_, y.value());
    return y;
  }

  std::string name_;
  MaskState state_;
};

}  // namespace robmask
