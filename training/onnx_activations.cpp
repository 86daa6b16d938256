#include "training/onnx_activations.h"

#include <cmath>
#include <numbers>

namespace robmask {

std::string activated(OnnxNodes& nodes, const Activation& f, const std::string& x) {
  using enum Activation::Kind;
  using Attributes = std::map<std::string, onnx::Attribute>;
  const auto of = [&](const char* op, const std::string& value, const Attributes& given = {}) {
    return nodes.add("activate", op, {value}, given);
  };
  const auto with = [&](const char* op, const std::string& a, const std::string& b) {
    return nodes.add("activate", op, {a, b});
  };
  const auto number = [&](double value) { return nodes.number(value); };
  /// x·(1 + t)/2
  const auto half = [&](const std::string& t) {
    return with("Mul", with("Mul", x, number(0.5)), with("Add", t, number(1)));
  };
  switch (f.kind) {
    case leaky_relu: return of("LeakyRelu", x, {{"alpha", f.a}});
    case sigmoid: return of("Sigmoid", x);
    case hard_sigmoid: return of("HardSigmoid", x, {{"alpha", f.a}, {"beta", f.b}});
    case silu: return with("Mul", x, of("Sigmoid", x));
    case hard_swish: return of("HardSwish", x);
    case gelu: return half(of("Erf", with("Mul", x, number(std::numbers::sqrt2 / 2))));
    case gelu_tanh: {
      // tanh(√(2/π)·x·(1 + 0.044715·x²))
      const std::string square = with("Mul", with("Mul", x, x), number(0.044715)),
                        inner = with("Mul", x, with("Add", square, number(1)));
      return half(of("Tanh", with("Mul", inner, number(std::sqrt(2 * std::numbers::inv_pi)))));
    }
    case softplus: return of("Softplus", x);
    case tanh: return of("Tanh", x);
    case elu: return of("Elu", x, {{"alpha", f.a}});
    case clip: return nodes.add("activate", "Clip", {x, number(f.a), number(f.b)});
    case exp: return of("Exp", x);
    case log: return of("Log", x);
    case sqrt: return of("Sqrt", x);
    case power: return with("Pow", x, number(f.a));
    case erf: return of("Erf", x);
    case abs: return of("Abs", x);
  }
  return {};
}

}  // namespace robmask
