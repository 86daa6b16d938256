#pragma once
// Naming what pictures show: what `predict` and packed programs have in common.

#include <vector>

#include "tools/robmask/options/common.h"
#include "tools/robmask/result_text.h"
#include "training/checkpoint.h"

namespace robmask {

struct PictureSettings {
  std::vector<Path> names;       // files, folders, or "-": names from standard input, one a line
  std::vector<double> masks{0};  // p
  Index top = 5;                 // classes to print
  Format format = Format::text;
  Index batch = 128;  // pictures at once
};

/// Their positional option, --top and --format.
void add_pictures(Options& options, PictureSettings& settings);

/// Prints for each picture and mask the likeliest classes. InputError for pictures that are not
/// there, that cannot be read unless such are skipped, for a mask that the model lacks, and for
/// weights that do not say the size of their images.
void print_likeliest(const LoadedModel& model, const PictureSettings& settings,
                     const CommonSettings& common);

}  // namespace robmask
