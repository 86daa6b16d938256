#include "training/onnx_masks.h"

#include <numeric>

namespace robmask {

OnnxMasks::OnnxMasks(OnnxNodes& nodes, const ModelSpec& spec)
    : nodes_(nodes), split_(spec.pairs > 1) {
  nodes_.input({.name = strength_input, .shape = {onnx::open_size}, .open = "strengths"});
  code_ = code("code", spec.masks, spec.code == Code::nearest);
  // As encode_pairs() has it.
  if (split_) pair_code_ = spec.pairs == spec.masks ? code_ : code("pair_code", spec.pairs, false);
}

std::string OnnxMasks::code(const std::string& name, Index count, bool nearest) {
  // u_j = max(0, 1 − |p·(k − 1) − j|)
  const std::string zero = nodes_.number(0), one = nodes_.number(1);
  const std::string row_axis = nodes_.constant("constant.row_axis", host_tensor<Index>({1}, {1}));
  std::vector<float> knots(count);
  std::iota(knots.begin(), knots.end(), 0.0F);
  const auto step = [&](const std::string& what, const std::string& op,
                        std::vector<std::string> inputs) {
    return nodes_.add(name + "." + what, op, std::move(inputs));
  };
  std::string place = step("strength", "Clip", {strength_input, zero, one});
  place = step("place", "Mul", {place, nodes_.number(knots.back())});
  if (nearest) {
    place = step("above", "Add", {place, nodes_.number(0.5)});
    place = step("nearest", "Floor", {place});
  }
  place = step("row", "Unsqueeze", {place, row_axis});
  place = step("beyond", "Sub", {place, nodes_.numbers(name + ".knots", {count}, knots)});
  place = step("distance", "Abs", {place});
  place = step("hat", "Sub", {one, place});
  return nodes_.add(name, "Clip", {place, zero});
}

std::string OnnxMasks::over_pixels(const std::string& value) {
  const std::string axes = nodes_.constant("constant.pixel_axes", host_tensor<Index>({2}, {2, 3}));
  return nodes_.add(value + ".over_pixels", "Unsqueeze", {value, axes});
}

std::string OnnxMasks::lens(const std::string& x, const std::string& layer,
                            const std::string& scale, const std::string& shift) {
  const std::string scaled = nodes_.add(layer + ".scaled", "Mul", {x, over_pixels(scale)});
  return nodes_.add(layer + ".shifted", "Add", {scaled, over_pixels(shift)});
}

std::string OnnxMasks::rescaled(const std::string& x, const OnnxNorm& norm) {
  const std::string& layer = norm.layer;
  const auto blend = [&](const std::string& what, const std::string& code,
                         const std::string& table) {
    return nodes_.add(layer + "." + what, "MatMul", {code, table});
  };
  const std::string gamma = blend("gamma", code_, norm.weight),
                    beta = blend("beta", code_, norm.bias);
  if (!split_) {
    // x̂ by constants, which a runtime folds into the convolution ahead; then γ·x̂ + β
    const auto all = [&](const char* name, float value) {
      return nodes_.numbers(fmt::format("constant.{}.{}", name, norm.channels), {norm.channels},
                            std::vector<float>(norm.channels, value));
    };
    const std::string normalized = nodes_.add(
        layer, "BatchNormalization", {x, all("ones", 1), all("zeros", 0), norm.mean, norm.variance},
        {{"epsilon", norm.eps}});
    return lens(normalized, layer, gamma, beta);
  }
  // x·γ·s + (β − μ·γ·s) with s = 1/√(σ² + eps)
  const std::string mean = blend("mean", pair_code_, norm.mean),
                    variance = blend("variance", pair_code_, norm.variance);
  const std::string eps = nodes_.number(norm.eps);
  const std::string above_zero = nodes_.add(layer + ".variance_eps", "Add", {variance, eps});
  const std::string deviation = nodes_.add(layer + ".deviation", "Sqrt", {above_zero});
  const std::string scale = nodes_.add(layer + ".scale", "Div", {gamma, deviation});
  const std::string moved = nodes_.add(layer + ".mean_scaled", "Mul", {mean, scale});
  return lens(x, layer, scale, nodes_.add(layer + ".shift", "Sub", {beta, moved}));
}

}  // namespace robmask
