#pragma once
// Options that say what a network is, and how images become its input.

#include <optional>
#include <string>

#include "data/class_names.h"
#include "tools/robmask/options/option.h"
#include "training/checkpoint.h"
#include "training/settings.h"

namespace robmask {

enum class Normalize { on, cifar10, cifar100, imagenet, kuangliu, none };
constexpr auto names(Normalize) {
  using enum Normalize;
  return std::to_array<Named<Normalize>>({{on, "true"},
                                          {cifar10, "cifar10"},
                                          {cifar100, "cifar100"},
                                          {imagenet, "imagenet"},
                                          {kuangliu, "kuangliu"},
                                          {none, "none"}});
}

/// Of commands that read weights: for files that do not say it themselves.
struct NetworkSettings {
  std::optional<std::string> model;  // a name of model_names()
  std::optional<Index> width;
  std::optional<Index> masks;  // k
  std::optional<BnStats> bn_stats;
  Normalize normalize = Normalize::on;
  std::optional<Index> image_size;  // the side of the images; empty: the data's own
  MatchClasses match_classes = MatchClasses::name;
};

/// --model and --width, with their defaults as --help shows them, and a check of both.
void add_network(Options& options, NetworkSettings& network,
                 const std::string& default_model = "resnet18",
                 const std::string& default_width = "64");
/// --image-size
void add_image_size(Options& options, NetworkSettings& network);
/// --match-classes
void add_class_match(Options& options, NetworkSettings& network);
/// All of them, for files without metadata.
void add_file_network(Options& options, NetworkSettings& network);

/// The defaults of new networks: resnet18 of width 64.
void resolve_network(NetworkSettings& network);

/// What flags say of a checkpoint that does not say it itself. `own` is the normalization of the
/// data set, where one is read.
CheckpointOverrides overrides_of(const NetworkSettings& network,
                                 const std::optional<Normalization>& own = {});

}  // namespace robmask
