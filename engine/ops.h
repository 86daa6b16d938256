#pragma once
// The differentiable vocabulary. Each op lives in engine/ops/<name>.cpp, forward beside backward.

#include "engine/backend.h"
#include "engine/context.h"
#include "engine/variable.h"

namespace robmask {

/// y = x ⋆ w.  x: N·H·W·Cin, w: {K,K,Cin/groups,Cout}, y: N·H'·W'·Cout. With `into`, y is written
/// there (a range of channels of a larger map, say) and has into's gradient. w is read as operand.
Variable conv2d(const Variable& x, const Variable& w, const Window& window,
                const Variable& into = {});

/// y = x·w + b.  x: {N,1,1,Cin}, w: {1,1,Cin,Cout}, b: {1,1,1,Cout}
Variable linear(const Variable& x, const Variable& w, const Variable& b);

/// What a normalization layer holds: k masks over C channels and its running statistics.
struct MaskState {
  Variable weight, bias;                  // w_j and w'_j: {k,1,1,C}
  Tensor running_mean, running_variance;  // {pairs,1,1,C}
  Tensor tracked;                         // i64 {pairs,1,1,1}: passes that updated each pair
  double momentum = 0.1, eps = 1e-5;
};

struct MaskOptions {
  bool relu = true;
  Variable residual = {};  // added before the ReLU
};

/// The paper's mask (§3.1, §4): z = relu( γ·x̂ + β + residual ), γ = Σ_j u_j w_j, β = Σ_j u_j w'_j,
/// with x̂ normalized as the context's segments say (docs/mask.md). Plain batch norm is k = 1.
Variable mask(const Variable& x, const MaskState& state, const Context& context,
              const MaskOptions& options = {});
/// mask(conv2d(x, w, window), state, context, options), in fewer passes over the map where the
/// machine can: what batch statistics need is taken on the way, and a mask that is kept, as in an
/// attack, goes into the weights.
Variable masked_conv2d(const Variable& x, const Variable& w, const Window& window,
                       const MaskState& state, const Context& context, const MaskOptions& options);

/// x·scale + shift per channel with constant scale and shift {1,1,1,C}, stored as `maps`:
/// normalization of pixels, from which all maps of a network have their type.
Variable affine(const Variable& x, const Tensor& scale, const Tensor& shift, DType maps);

Variable relu(const Variable& x);
/// f of each element.
Variable activate(const Variable& x, const Activation& f);
/// a·b, element by element; of one shape.
Variable multiply(const Variable& a, const Variable& b);

/// x repeated to `shape`: every extent of x is that of `shape`, or 1.
Variable expand(const Variable& x, const Shape& shape);
/// The adjoint: factor·Σ x over the extents that are 1 in `shape`, whose others are those of x.
Variable sum_to(const Variable& x, const Shape& shape, double factor = 1);
/// y: N h w C with y[i, j] = x[i − top, j − left] where that is a pixel of x, else `outside`: pads,
/// and with negative numbers crops.
Variable place(const Variable& x, Index h, Index w, Index top, Index left, double outside = 0);
/// Of each image, the matrix of pixels and channels transposed: y[n, c, p] = x[n, p, c]. `shape` has
/// as many pixels as x channels, and the reverse.
Variable transpose(const Variable& x, const Shape& shape);
/// The elements of each image in another shape, in the order of memory: pixel by pixel, the channels
/// of one side by side. It is x itself, seen anew, where that is contiguous.
Variable reshape(const Variable& x, const Shape& shape);
/// The channels of all parts side by side.
Variable concatenate(const std::vector<Variable>& parts);
/// e^x_c / Σ e^x over the channels of each row.
Variable softmax(const Variable& x);

/// Averages over tiles. They are sums: unless it is written `into` a map, y is f32 where x is bf16.
Variable average_pool(const Variable& x, const Window& window, const Variable& into = {});
Variable max_pool(const Variable& x, const Window& window);

/// Losses of each image, {N,1,1,1}. labels: i32 {N,1,1,1}
Variable cross_entropy(const Variable& logits, const Tensor& labels);
/// KL(softmax(p) ‖ softmax(q)) of each image; differentiable in both.
Variable kl(const Variable& p_logits, const Variable& q_logits);

/// factor · Σ x, a scalar {1,1,1,1}; and the mean over all elements.
Variable sum(const Variable& x, double factor = 1);
Variable mean(const Variable& x);
/// a + b, and a + factor·b
Variable add(const Variable& a, const Variable& b);
Variable add_scaled(const Variable& a, const Variable& b, double factor);

}  // namespace robmask
