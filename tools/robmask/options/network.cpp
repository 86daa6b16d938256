#include "tools/robmask/options/network.h"

#include "models/model.h"

namespace robmask {

namespace {

void check_network(const NetworkSettings& n) {
  const std::string name = n.model.value_or("resnet18");
  require(is_network(name), "--model: expected {}, got \"{}\"{}", expected_names(), name,
          suggestion(name, model_names()));
  require(!n.width || !n.model || has_width(name),
          "--width: {} has one width only; it scales resnet18 and preact18", name);
}

void add_model(Options& o, NetworkSettings& n, const std::string& default_model,
               const std::string& default_width) {
  o.add_check([&n] { check_network(n); });
  o.add("model", n.model, expected_names(), {}, default_model).choices = model_names();
  o.add("width", n.width, "channels of the first layer of resnet18 and preact18", from_to(1, 4096),
        default_width);
}

}  // namespace

void add_network(Options& o, NetworkSettings& n, const std::string& default_model,
                 const std::string& default_width) {
  o.group("Model");
  add_model(o, n, default_model, default_width);
}

void add_image_size(Options& o, NetworkSettings& n) {
  o.add("image-size", n.image_size, "side of the images that a folder's files become",
        from_to(8, 4096), "the files' own up to 64, else 224");
}

void add_class_match(Options& o, NetworkSettings& n) {
  o.add("match-classes", n.match_classes, "how labels of the images find the model's classes");
}

void add_file_network(Options& o, NetworkSettings& n) {
  o.group("For weights without metadata");
  add_model(o, n, "", "");
  o.add("masks", n.masks, "masks k", from_to(1, 1000));
  o.add("bn-stats", n.bn_stats, "running statistics");
  o.add("normalize", n.normalize, "of pixels, inside the model");
  add_image_size(o, n);
  add_class_match(o, n);
}

void resolve_network(NetworkSettings& n) {
  if (!n.model) n.model = "resnet18";
  if (!n.width) n.width = 64;
}

CheckpointOverrides overrides_of(const NetworkSettings& n,
                                 const std::optional<Normalization>& own) {
  CheckpointOverrides flags{.model = n.model,
                            .bn_stats = {},
                            .width = n.width,
                            .masks = n.masks,
                            .image_size = n.image_size,
                            .normalization = {},
                            .asks_normalization = n.normalize != Normalize::on};
  if (n.bn_stats) flags.bn_stats = to_string(*n.bn_stats);
  if (own || n.normalize != Normalize::on)
    flags.normalization =
        choose_normalization(to_string(n.normalize), own.value_or(Normalization{}));
  return flags;
}

}  // namespace robmask
