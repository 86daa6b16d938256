#pragma once
// A model's tensors ↔ a weights file with the names, shapes and order of kuangliu/pytorch-cifar's (and,
// for resnet18-imagenet, torchvision's) state_dict.

#include <string>
#include <vector>

#include "data/files/safetensors.h"
#include "models/model.h"

namespace robmask {

/// One row of an entry as it stands in a file: mask 0 and statistics pair 0 under the plain name, mask
/// j as `<bn>.mask.<j>.weight`, a later statistics pair under the mask it belongs to.
struct StoredTensor {
  std::string name;
  const Entry* entry;
  Index row;                 // mask or pair; 0 for tensors without
  std::vector<Index> shape;  // in the file: [Cout,Cin/g,K,K], [Cout,Cin], [C] or []
};

/// Every stored tensor of a model: the plain model's in state_dict order, then the later masks'.
std::vector<StoredTensor> stored_tensors(const Model& model);

/// The values in the file's layout. T is the model's type, or Index for num_batches_tracked.
template <class T>
std::vector<T> to_stored(const StoredTensor& stored, const Tensor& value);
template <class T>
void from_stored(const StoredTensor& stored, const Tensor& value, const std::vector<T>& host);

/// One name for the spellings of one tensor: without prefixes, `downsample` and `fc`.
std::string canonical(std::string name);

/// All tensors of `model` in its own precision, F32 or F64; num_batches_tracked as I64.
SafeTensors to_file(const Model& model);

/// Fills `model` from a file. Names may carry a `module.` or `model.` prefix and torchvision's
/// `downsample` and `fc`; num_batches_tracked may be missing; types are converted. With
/// `spread_first_mask`, masks and pairs that the file lacks are copies of mask 0 and pair 0.
/// InputError for anything else: a missing, unknown or differently shaped tensor, NaN or infinity.
void from_file(const Model& model, const SafeTensors& file, bool spread_first_mask = false);

/// How many outputs a layer has in a file: the first axis of its weight or bias, under any of its
/// names. Read before a model of that size is made; InputError if there is no such tensor.
Index outputs_of(const SafeTensors& file, const std::string& name);

/// InputError naming the first property of `spec` that the tensors do not have, with both values: the
/// model (where it is one that is known here), width, classes, masks, pairs of running statistics. For
/// before a model of that size is made. With `spread_first_mask`
/// the file may have fewer masks and pairs.
void check_like(const SafeTensors& file, const ModelSpec& spec, bool spread_first_mask = false);

}  // namespace robmask
