#pragma once
// Checkpoints: a model with what it says of itself.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "data/files/safetensors.h"
#include "data/normalization.h"
#include "models/model.h"

namespace robmask {

/// What a weights file's metadata says, or command-line flags where it says nothing.
struct CheckpointInfo {
  ModelSpec spec = {};
  std::string method = "standard";
  std::string eps_max = "8/255";  // as it was written; of `norm`
  std::string norm = "linf";
  /// advprop: ε of the auxiliary norms, in the order of their masks
  std::vector<double> aux_eps = {};
  std::uint64_t seed = 0;
  std::vector<std::string> class_names = {};  // of the outputs, in order; empty: not said
  Index image_size = 0;  // the side of the images it was trained on; 0: not said
  /// Keys of the metadata that neither the file nor a flag says, so that a default stands here for
  /// what nobody knows. They are not written.
  std::set<std::string> unsaid = {};
};

/// What flags say of a weights file; the file's own metadata beats them.
struct CheckpointOverrides {
  std::optional<std::string> model, bn_stats;
  std::optional<Index> width, masks, image_size;
  std::optional<Normalization> normalization;
};

/// `from` is a weights file, or a run directory that holds model.safetensors.
std::filesystem::path weights_path(const std::filesystem::path& from);

/// The tensors and metadata of such a file, which is read once and asked by what follows.
SafeTensors read_weights(const std::filesystem::path& from);

CheckpointInfo read_info(const SafeTensors& file, const CheckpointOverrides& flags);
/// The normalization that the file's metadata says, or else its tensors, or `otherwise`.
Normalization normalization_of(const SafeTensors& file, const Normalization& otherwise);
/// The names of the outputs that the file says; empty if it does not.
std::vector<std::string> class_names_of(const SafeTensors& file);

struct LoadedModel {
  CheckpointInfo info;
  std::unique_ptr<Model> model;
};
/// Warns where a flag says something else than the file.
LoadedModel load_model(const SafeTensors& file, Backend& machine, DType maps,
                       const CheckpointOverrides& flags);

/// The same for a file of which no more is asked.
inline CheckpointInfo read_info(const std::filesystem::path& from,
                                const CheckpointOverrides& flags) {
  return read_info(read_weights(from), flags);
}
inline LoadedModel load_model(const std::filesystem::path& from, Backend& machine, DType maps,
                              const CheckpointOverrides& flags) {
  return load_model(read_weights(from), machine, maps, flags);
}

/// The plain model that `from` is at strength p: one norm a layer, with γ and β blended by u_p and,
/// if split, running statistics blended too.
LoadedModel export_mask(const LoadedModel& from, double p);

/// What files say of a model beside its tensors (docs/files.md).
std::map<std::string, std::string> metadata_of(const CheckpointInfo& info, Index generation = 0);
/// The weights with their metadata, as files hold them (and `generation`, if they belong to a run).
SafeTensors checkpoint_file(const Model& model, const CheckpointInfo& info, Index generation = 0);
/// Writes them, with `more` metadata, atomically.
void save_model(const std::filesystem::path& path, const Model& model, const CheckpointInfo& info,
                Index generation = 0, const std::map<std::string, std::string>& more = {});

}  // namespace robmask
