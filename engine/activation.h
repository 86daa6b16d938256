#pragma once
// Functions of one number.

namespace robmask {

/// A function of one number, applied to each element. Its formula and its slope, which is PyTorch's
/// at the kinks, are in engine/activation_formulas.h.
struct Activation {
  enum class Kind {
    leaky_relu,    // x where x > 0, else a·x
    sigmoid,       // 1 / (1 + e^−x)
    hard_sigmoid,  // max(0, min(1, a·x + b))
    silu,          // x·sigmoid(x)
    hard_swish,    // x·max(0, min(1, x/6 + 1/2))
    gelu,          // x·Φ(x), by the error function
    gelu_tanh,     // x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2
    softplus,      // log(1 + e^x)
    tanh,
    elu,   // x where x > 0, else a·(e^x − 1)
    clip,  // max(a, min(b, x))
    exp,
    log,
    sqrt,
    power,  // x^a
    erf,
    abs
  };
  Kind kind;
  double a = 0, b = 0;
};

}  // namespace robmask
