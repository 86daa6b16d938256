#pragma once
// The four networks of Tables 3 and 8 under the paper's names.

#include <array>

namespace robmask::reproduce {

struct Network {
  const char *title, *model;
};
inline constexpr std::array<Network, 4> networks{{{"ResNet-18", "resnet18"},
                                                  {"DenseNet-121", "densenet121"},
                                                  {"Preact-18", "preact18"},
                                                  {"ResNeXt-29", "resnext29"}}};

}  // namespace robmask::reproduce
