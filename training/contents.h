#pragma once
// A weights file as others write it: one model's tensors, perhaps under a prefix, perhaps with the
// pixels' normalization and other things beside them.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/files/safetensors.h"
#include "data/normalization.h"

namespace robmask {

struct Contents {
  std::string source;  // the file, for messages
  std::string
      prefix;  // of all of the model's names: "module.", "_orig_mod.", "1." of nn.Sequential
  std::map<std::string, const NamedTensor*> tensors;  // the model's, by their canonical names
  std::optional<Normalization> normalization;         // of tensors such as mu and sigma
  std::vector<std::string> beside;                    // names outside the prefix, used for nothing

  /// The first axis of a tensor: how many outputs a layer has. InputError where there is none.
  Index outputs_of(const std::string& name) const;
};

/// Finds the one prefix under which a first convolution and a classifier stand, which every model has.
/// A second prefix is no matter if it holds the same tensors again. `file` must outlive the result.
/// InputError for no such prefix, for models that differ, for two names of one tensor.
Contents contents_of(const SafeTensors& file);

/// One name for the spellings of one tensor: `downsample` and `fc` become `shortcut` and `linear`.
std::string canonical(std::string name);

}  // namespace robmask
