#pragma once
// Reads numbers out of what finished jobs left.

#include "tools/robmask/report/feature_maps.h"
#include "tools/robmask/reproduce/commands.h"

namespace robmask::reproduce {

/// The reading's number, from jobs that are all done. InputError if a file is not as expected.
Finding find(const Reading& reading, const Commands& commands);

/// a − b of independent measurements. The interval is Newcombe's (1998, method 10), from Wilson's;
/// of means over seeds, whose deviations may differ, Welch's (1947).
Finding difference_of(const Finding& a, const Finding& b);

/// The t with P(|T| ≤ t) = 0.95 for Student's T with that many degrees of freedom, not necessarily
/// whole.
double student_95(double degrees);

/// A tensor of a training's weights.
std::vector<double> weights_of(const Job& training, const std::string& tensor);
/// a·b / (‖a‖ ‖b‖); 1 for equal vectors, also of zeros.
double cosine(const std::vector<double>& a, const std::vector<double>& b);

/// The feature maps of one image out of a file of predict --features.
FeatureMaps feature_maps(const Path& file);
/// Those that two jobs of Commands::features left; InputError unless they are of one shape.
std::pair<FeatureMaps, FeatureMaps> two_feature_maps(const Job& first, const Job& second);

}  // namespace robmask::reproduce
