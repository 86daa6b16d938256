#pragma once
// Reads numbers out of what finished jobs left.

#include <array>

#include "data/files/chart.h"
#include "tools/robmask/report/feature_maps.h"
#include "tools/robmask/reproduce/commands.h"

namespace robmask::reproduce {

/// A number of ours; accuracies in per cent.
struct Finding {
  double value = 0;
  std::optional<std::array<double, 2>> interval = {};  // 95 %, of an accuracy or a difference
  std::optional<double> std = {};                      // sample standard deviation, of several
  Index n = 0;                                         // images, seeds, channels or epochs
};

/// The reading's number, from jobs that are all done. InputError if a file is not as expected.
Finding find(const Reading& reading, const Commands& commands);
/// The same where its jobs may not be done yet.
std::optional<Finding> found(const Reading& reading, const Commands& commands);

/// The ends of its interval; without one, the number itself.
double low_of(const Finding& finding);
double high_of(const Finding& finding);
/// Adds a number with its interval as the bar.
void add_point(Series& series, double x, const Finding& y);

/// A tensor of a training's weights.
std::vector<double> weights_of(const Job& training, const std::string& tensor);
/// a·b / (‖a‖ ‖b‖); 1 for equal vectors, also of zeros.
double cosine(const std::vector<double>& a, const std::vector<double>& b);

/// The feature maps of one image out of a file of predict --features.
FeatureMaps feature_maps(const Path& file);
/// Those that two jobs of Commands::features left; InputError unless they are of one shape.
std::pair<FeatureMaps, FeatureMaps> two_feature_maps(const Job& first, const Job& second);

}  // namespace robmask::reproduce
