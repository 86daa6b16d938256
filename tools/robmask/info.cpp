// robmask info: what a checkpoint or a data set holds.

#include <algorithm>

#include "data/imagenet.h"
#include "engine/backend.h"
#include "models/onnx/network.h"
#include "tools/robmask/load_data.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/options/network.h"
#include "training/weights.h"

namespace robmask {

namespace {

Json count_json(const Split& split) {
  return {{"images", split.size()},
          {"height", split.height},
          {"width", split.width},
          {"channels", split.channels}};
}

/// Null where the file does not say them.
Json names_json(const std::vector<std::string>& names) {
  return names.empty() ? Json() : Json(names);
}

/// "10 classes ('airplane', 'automobile', 'bird', …)"
std::string class_text(Index count, const std::vector<std::string>& names) {
  return fmt::format("{} class{}{}", count, count == 1 ? "" : "es",
                     names.empty() ? "" : " (" + some_names(class_titles(names)) + ")");
}

/// "method robmask, eps_max 8/255, norm linf, seed 0; not said: mean, std"
std::string training_text(const Json& json) {
  std::string said, unsaid;
  for (const char* key : {"method", "eps_max", "norm", "seed", "mean", "std"}) {
    const Json& value = json[key];
    std::string& list = value.is_null() ? unsaid : said;
    list += list.empty() ? "" : ", ";
    list += value.is_null() ? key : fmt::format("{} {}", key, Options::text_of(value));
  }
  return said + (unsaid.empty() ? "" : (said.empty() ? "" : "; ") + ("not said: " + unsaid));
}

class Info final : public Command {
 public:
  CommonSettings& common() override { return common_; }

  void add_options(Options& o) override {
    o.add("from", from_, "weights or run directory to describe; without it, --data").positional =
        true;
    add_file_network(o, network_);
    add_common(o, common_);
  }

  int run() override {
    if (from_.empty()) return describe_data();
    const LoadedModel from =
        load_model(from_, machine_of(common_), maps_of(common_), overrides_of(network_));
    const ModelSpec& spec = from.info.spec;
    Index norms = 0, mask_parameters = 0;
    for (const Entry& e : from.model->entries()) {
      norms += e.role == Role::mask_weight;
      if (is_affine(e.role)) mask_parameters += e.variable.shape().count();
    }
    const std::size_t tensors = stored_tensors(*from.model).size();
    const auto said = [&](const char* key, const auto& value) {
      return from.info.unsaid.contains(key) ? Json() : Json(value);
    };
    Json json{{"checkpoint", weights_path(from_).string()},
              {"model", spec.name},
              {"width", spec.width},
              {"classes", spec.classes},
              {"class_names", names_json(from.info.class_names)},
              {"class_titles", names_json(class_titles(from.info.class_names))},
              {"image_size", from.info.image_size == 0 ? Json() : Json(from.info.image_size)},
              {"method", said("method", from.info.method)},
              {"masks", spec.masks},
              {"bn_stats", spec.statistics()},
              {"eps_max", said("eps_max", from.info.eps_max)},
              {"norm", said("norm", from.info.norm)},
              {"parameters", from.model->parameter_count()},
              {"mask_parameters", mask_parameters},
              {"norm_layers", norms},
              {"tensors", tensors},
              {"mean", said("mean", spec.mean)},
              {"std", said("std", spec.std)},
              {"seed", said("seed", from.info.seed)}};
    std::string operators;
    if (onnx::is_imported(spec.name)) {
      json["operators"] = onnx::operators_of(spec.name);
      operators = fmt::format("operators {}\n", fmt::join(onnx::operators_of(spec.name), ", "));
    }
    print_result(
        common_, json,
        fmt::format("{}: {} (width {}), {}, {} mask(s) and {} statistics, {}\n{} parameters, "
                    "{} of them in the masks of {} norm layers; {} tensors\n{}",
                    weights_path(from_).string(), spec.name, spec.width,
                    class_text(spec.classes, from.info.class_names), spec.masks, spec.statistics(),
                    training_text(json), from.model->parameter_count(), mask_parameters, norms,
                    tensors, operators));
    return 0;
  }

 private:
  int describe_data() const {
    const bool trains = !common_.data.starts_with("npy:");
    const Dataset data = load_data(common_, trains, true, network_.image_size);
    tell_of(data.warnings);
    const Split& images = trains ? data.train : data.test;
    std::vector<Index> per_class(data.classes.size());
    for (const std::int32_t label : images.labels) {
      per_class.resize(std::max<std::size_t>(per_class.size(), label + 1));
      ++per_class[label];
    }
    const auto [least, most] = std::ranges::minmax(per_class);
    const Json json{{"data", common_.data},
                    {"name", data.name},
                    {"classes", per_class.size()},
                    {"class_names", data.classes},
                    {"class_titles", class_titles(data.classes)},
                    {"train", count_json(data.train)},
                    {"test", count_json(data.test)},
                    {trains ? "train_images_per_class" : "test_images_per_class", per_class},
                    {"mean", data.normalization.mean},
                    {"std", data.normalization.std}};
    print_result(
        common_, json,
        fmt::format("{}: {}, {} training and {} test images of {}x{}, {} to {} {} images a "
                    "class\n",
                    common_.data, class_text(std::ssize(per_class), data.classes),
                    data.train.size(), data.test.size(), images.height, images.width, least, most,
                    trains ? "training" : "test"));
    return 0;
  }

  CommonSettings common_;
  NetworkSettings network_;
  std::string from_;
};

}  // namespace

std::unique_ptr<Command> info() { return std::make_unique<Info>(); }

}  // namespace robmask
