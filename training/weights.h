#pragma once
// A model's tensors ↔ a weights file with the names, shapes and order of kuangliu/pytorch-cifar's
// state_dict (torchvision's for resnet18-imagenet, RobustBench's for Wide ResNets).

#include <string>
#include <utility>
#include <vector>

#include "models/model.h"
#include "training/contents.h"

namespace robmask {

/// One row of an entry as it stands in a file: mask 0 and statistics pair 0 under the plain name,
/// mask j as `<bn>.mask.<j>.weight`, a later statistics pair under the mask it belongs to.
struct StoredTensor {
  std::string name;
  const Entry* entry;
  Index row;                 // mask or pair; 0 for tensors without
  std::vector<Index> shape;  // in the file: [Cout,Cin/g,K,K], [Cout,Cin], [C] or []
};

/// Every stored tensor of a model: the plain model's in state_dict order, then the later masks'.
/// The entries, which may be those of a list, must outlive them.
std::vector<StoredTensor> stored_tensors(const std::vector<Entry>& entries, const ModelSpec& spec);
std::vector<StoredTensor> stored_tensors(const Model& model);

/// Calls f.template operator()<T>() with the type of a tensor that files hold: f32, f64, or i64 of
/// counters.
template <class F>
decltype(auto) dispatch_stored(DType type, F&& f) {
  return type == DType::i64 ? f.template operator()<Index>() : dispatch(type, f);
}

/// An entry's value, or its gradient, as the file holds it, in its own type; and back.
HostTensor to_stored(const StoredTensor& stored, const Tensor& value);
void from_stored(const StoredTensor& stored, const Tensor& value, const HostTensor& file);

/// All tensors of `model` in its own precision, F32 or F64; num_batches_tracked as I64.
SafeTensors to_file(const Model& model);

/// What a file is read for.
enum class Reading {
  whole,  // it is the model, tensor by tensor
  /// Training starts from it: masks and pairs that it lacks are copies of mask 0 and pair 0, and a
  /// head of another number of classes stays as it is in the model.
  start,
};

/// Each of a model's tensors, with the file's for it: null where the model's own value counts, of a
/// counter that the file lacks, and of a head that starts anew. InputError for a tensor that is
/// missing, unknown or of another shape. The entries, which may be those of a list, must outlive
/// the result.
std::vector<std::pair<StoredTensor, const NamedTensor*>> sources_of(
    const Contents& contents, const std::vector<Entry>& entries, const ModelSpec& spec,
    Reading reading = Reading::whole);

/// The name of the network whose tensors these are, all of them and no others; empty if it is none
/// that is known here.
std::string likely_network(const Contents& contents);

/// InputError unless the tensors are a `spec`'s by all names and shapes. Where they are those of
/// another model that is known here, the line names the first property in which the two differ:
/// model, width, classes, masks, pairs of running statistics. To be asked before a model of that
/// size is made.
void check_like(const Contents& contents, const ModelSpec& spec, Reading reading = Reading::whole);

/// Fills `model` from a file that is like it. Types are converted; num_batches_tracked may be of
/// any type. Warns of tensors that are not the model's. InputError for what check_like refuses,
/// NaN, infinity, a negative variance and a counter that is no whole number.
void from_file(const Model& model, const Contents& contents, Reading reading = Reading::whole);
void from_file(const Model& model, const SafeTensors& file, Reading reading = Reading::whole);

}  // namespace robmask
