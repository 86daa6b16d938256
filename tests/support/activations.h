#pragma once
// All activations, each with the numbers that it is tried on.

#include <string>
#include <vector>

#include "engine/activation.h"

namespace robmask {

struct TriedActivation {
  std::string name;
  Activation f;
  double low = -4, high = 4;  // of x
  std::vector<double> kinks = {};
};

inline const std::vector<TriedActivation>& all_activations() {
  using Kind = Activation::Kind;
  static const std::vector<TriedActivation> list = {
      {.name = "leaky_relu", .f = {Kind::leaky_relu, 0.1}, .kinks = {0}},
      {.name = "sigmoid", .f = {Kind::sigmoid}},
      {.name = "hard_sigmoid", .f = {Kind::hard_sigmoid, 0.25, 0.5}, .kinks = {-2, 2}},
      {.name = "silu", .f = {Kind::silu}},
      {.name = "hard_swish", .f = {Kind::hard_swish}, .kinks = {-3, 3}},
      {.name = "gelu", .f = {Kind::gelu}},
      {.name = "gelu_tanh", .f = {Kind::gelu_tanh}},
      {.name = "softplus", .f = {Kind::softplus}},
      {.name = "tanh", .f = {Kind::tanh}},
      {.name = "elu", .f = {Kind::elu, 0.75}, .kinks = {0}},
      {.name = "clip", .f = {Kind::clip, -1, 2.5}, .kinks = {-1, 2.5}},
      {.name = "exp", .f = {Kind::exp}},
      {.name = "log", .f = {Kind::log}, .low = 0.1},
      {.name = "sqrt", .f = {Kind::sqrt}, .low = 0.1},
      {.name = "power", .f = {Kind::power, 1.7}, .low = 0.1},
      {.name = "square", .f = {Kind::power, 2}},
      {.name = "erf", .f = {Kind::erf}},
      {.name = "abs", .f = {Kind::abs}, .kinks = {0}}};
  return list;
}

}  // namespace robmask
