#pragma once
// CIFAR-10-C and its kin (Hendrycks & Dietterich 2019): a folder with one .npy file a corruption,
// uint8 [5·M,32,32,3], whose rows (s−1)·M … s·M are the M test images at severity s, and
// labels.npy, the label of every row: the same M labels five times over.

#include <array>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/files/input_file.h"

namespace robmask {

/// The corruptions of the folder in alphabetical order, without the four that the benchmark keeps
/// for validation (speckle_noise, gaussian_blur, spatter, saturate) and without hidden files.
/// InputError if there are none, or no labels.npy.
std::vector<std::string> corruptions_in(const Path& folder);

/// The images of one corruption at severities 1 to 5, of each those that the limits for
/// test images keep. InputError, naming
/// the file, unless it has the type and shape above and a label from 0 to classes − 1 for each row,
/// the same at each severity.
std::array<Split, 5> load_corruption(const Path& folder, const std::string& corruption,
                                     const DataOptions& options, Index classes);

}  // namespace robmask
