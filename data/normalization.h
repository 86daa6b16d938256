#pragma once
// Inputs live in [0,1]; the model owns normalization: x ← (x − mean) / std for each of R, G, B.

#include <array>
#include <string>

#include "engine/check.h"

namespace robmask {

struct Normalization {
  std::array<double, 3> mean{0, 0, 0};
  std::array<double, 3> std{1, 1, 1};
  bool operator==(const Normalization&) const = default;
};

namespace normalizations {
/// Mean and standard deviation of the pixels of the training images.
inline constexpr Normalization cifar10{{.4914, .4822, .4465}, {.2470, .2435, .2616}};
inline constexpr Normalization cifar100{{.5071, .4867, .4408}, {.2675, .2565, .2761}};
inline constexpr Normalization imagenet{{.485, .456, .406}, {.229, .224, .225}};
/// kuangliu/pytorch-cifar, main.py: the mean over images of each image's standard deviation.
inline constexpr Normalization kuangliu{{.4914, .4822, .4465}, {.2023, .1994, .2010}};
inline constexpr Normalization none{};
}  // namespace normalizations

/// What `--normalize` says: "true" is the data set's own; else one of these by its name.
inline Normalization choose_normalization(const std::string& choice, const Normalization& own) {
  if (choice == "true") return own;
  if (choice == "cifar10") return normalizations::cifar10;
  if (choice == "cifar100") return normalizations::cifar100;
  if (choice == "imagenet") return normalizations::imagenet;
  if (choice == "kuangliu") return normalizations::kuangliu;
  require(choice == "none",
          "`normalize`: expected true, cifar10, cifar100, imagenet, kuangliu or none, got '{}'",
          choice);
  return normalizations::none;
}

}  // namespace robmask
