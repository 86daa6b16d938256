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
  const SafeTensors* file = nullptr;
  std::string model;        // that was looked for
  std::string first, last;  // the canonical names of its first weight and its classifier's bias
  std::string prefix;       // of all of its names: "module.", "_orig_mod.", "1." of nn.Sequential
  std::map<std::string, const NamedTensor*> tensors;  // the model's, by their canonical names
  std::optional<Normalization> normalization;         // of tensors such as mu and sigma
  std::vector<std::string> beside;                    // names outside the prefix, used for nothing

  /// How many outputs the classifier has, and how many channels the first layer. InputError where
  /// these are no tensors of an axis.
  Index classes() const { return outputs_of(last); }
  Index width() const { return outputs_of(first); }

 private:
  Index outputs_of(const std::string& name) const;
};

/// Finds the one prefix under which the first layer and the classifier of `model` stand, or of the
/// model that the metadata name; where there is none, of another that is known here. A second
/// prefix is no matter if it holds the same tensors again. `file` must outlive the result.
/// InputError for no such prefix, for models that differ, for two names of one tensor.
Contents contents_of(const SafeTensors& file, const std::string& model = {});

/// One name for the spellings of one tensor: `downsample` and `fc` become `shortcut` and `linear`.
std::string canonical(std::string name);

}  // namespace robmask
