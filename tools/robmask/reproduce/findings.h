#pragma once
// Reads numbers out of what finished jobs left.

#include <array>

#include "tools/robmask/reproduce/commands.h"

namespace robmask::reproduce {

/// A number of ours; accuracies in per cent.
struct Finding {
  double value = 0;
  std::optional<std::array<double, 2>> interval = {};  // 95 % (Wilson), of one accuracy
  std::optional<double> std = {};                      // sample standard deviation, of several
  Index n = 0;                                         // images, seeds, channels or epochs
};

/// The reading's number, from jobs that are all done. InputError if a file is not as expected.
Finding find(const Reading& reading, const Commands& commands);

/// A tensor of a training's weights.
std::vector<double> weights_of(const Job& training, const std::string& tensor);
/// a·b / (‖a‖ ‖b‖); 1 for equal vectors, also of zeros.
double cosine(const std::vector<double>& a, const std::vector<double>& b);

/// One image's feature maps after a ReLU: channels of height × width.
struct FeatureMaps {
  Index channels = 0, height = 0, width = 0;
  std::vector<double> values;

  double mean(Index channel) const;
  bool black(Index channel) const;  // all zero
};
FeatureMaps feature_maps(const Path& file);

/// A map that a lets through and b does not; one whose mean b makes at least twice as large.
bool blocked(const FeatureMaps& a, const FeatureMaps& b, Index channel);
bool magnified(const FeatureMaps& a, const FeatureMaps& b, Index channel);

}  // namespace robmask::reproduce
