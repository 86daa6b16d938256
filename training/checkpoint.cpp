#include "training/checkpoint.h"

#include <algorithm>
#include <map>

#include "data/files/file_kind.h"
#include "data/files/json.h"
#include "engine/backend.h"
#include "models/onnx/network.h"
#include "training/metadata.h"
#include "training/settings.h"
#include "training/terminal.h"
#include "training/weights.h"

namespace robmask {

std::map<std::string, std::string> metadata_of(const CheckpointInfo& info, Index generation) {
  const ModelSpec& s = info.spec;
  const auto join = [](const auto& list) { return fmt::to_string(fmt::join(list, ",")); };
  std::map<std::string, std::string> m{{"format", "robmask"},
                                       {"model", s.name},
                                       {"width", std::to_string(s.width)},
                                       {"classes", std::to_string(s.classes)},
                                       {"method", info.method},
                                       {"masks", std::to_string(s.masks)},
                                       {"code", to_string(s.code)},
                                       {"bn_stats", s.statistics()},
                                       {"eps_max", info.eps_max},
                                       {"norm", info.norm},
                                       {"mean", join(s.mean)},
                                       {"std", join(s.std)},
                                       {"seed", std::to_string(info.seed)},
                                       {"generation", std::to_string(generation)}};
  if (!info.class_names.empty()) m["class_names"] = Json(info.class_names).dump();
  if (info.image_size > 0) m["image_size"] = std::to_string(info.image_size);
  if (!info.aux_eps.empty()) m["aux_eps"] = join(info.aux_eps);
  for (const std::string& key : info.unsaid) m.erase(key);
  return m;
}

namespace {

/// What the metadata say, or else tensors of the file, or else `otherwise`.
Normalization normalization_in(const Contents& contents, const Normalization& otherwise) {
  const Metadata m(*contents.file);
  Normalization n = contents.normalization.value_or(otherwise);
  constexpr double most = 1e6;  // keeps (x − mean) / std finite in f32
  std::ranges::copy(m.numbers("mean", 3, -most, most), n.mean.begin());
  std::ranges::copy(m.numbers("std", 3, 1 / most, most), n.std.begin());
  return n;
}

/// " wrn-28-10, whose tensors it has": what a file that does not say it may be.
std::string likely_words(const SafeTensors& file) {
  try {
    const std::string name = likely_network(contents_of(file));
    return name.empty() ? "" : fmt::format(" {}, whose tensors it has", name);
  } catch (const InputError&) {
    return "";
  }
}

/// The contents of a file that says which model it is, or of which a flag does.
Contents contents_of(const SafeTensors& file, const CheckpointOverrides& flags) {
  const Metadata m(file);
  const std::string model = m.text("model", flags.model.value_or(""));
  if (model.empty())
    throw InputError(
        fmt::format("{}: the file does not say which model it is: give `model`{} (and `width`, "
                    "`masks`, `bn_stats` where they differ from the defaults)",
                    file.source, likely_words(file)));
  if (!is_network(model)) m.refuse("model", expected_names());
  return contents_of(file, model);
}

/// Says which flags count for nothing because the file says otherwise.
void tell_of_beaten_flags(const Contents& contents, const ModelSpec& is,
                          const CheckpointOverrides& flags) {
  const auto number = [](const std::optional<Index>& n) {
    return n ? std::optional(std::to_string(*n)) : std::nullopt;
  };
  const auto& [tensors, metadata, source] = *contents.file;
  const std::pair<const char*, std::optional<std::string>> said[] = {
      {"model", flags.model},
      {"width", number(flags.width)},
      {"masks", number(flags.masks)},
      {"image_size", number(flags.image_size)},
      {"bn_stats", flags.bn_stats}};
  for (const auto& [key, value] : said)
    if (const auto at = metadata.find(key); value && at != metadata.end() && at->second != *value)
      warn(fmt::format("`{0}` {1}: not used, {2} says that its {0} is {3}", key, *value, source,
                       at->second));
  const Normalization own{is.mean, is.std};
  if (flags.normalization && contents.normalization && own != *flags.normalization)
    log("{}: normalizes pixels by its own mean {} and std {}, whatever `normalize` says", source,
        fmt::join(own.mean, ", "), fmt::join(own.std, ", "));
}

CheckpointInfo info_of(const Contents& contents, const CheckpointOverrides& flags) {
  constexpr Index most_masks = 1000, most = 1'000'000;
  constexpr double largest_eps = 1e6;
  constexpr Index largest_image = 4096;
  const std::string& source = contents.file->source;
  const Metadata m(*contents.file);
  CheckpointInfo info;
  ModelSpec& s = info.spec;
  s.name = contents.model;
  s.width = m.whole("width", flags.width.value_or(64));
  s.classes = m.whole("classes", contents.classes());
  s.masks = m.whole("masks", flags.masks.value_or(1));
  require(1 <= s.masks && s.masks <= most_masks, "{}: expected from 1 to {} masks, got {}", source,
          most_masks, s.masks);
  require(1 <= std::min(s.width, s.classes) && std::max(s.width, s.classes) <= most,
          "{}: expected a width and classes from 1 to {}, got {} and {}", source, most, s.width,
          s.classes);
  // A graph normalizes by itself: the data set's own numbers, which nobody asked for, stay out.
  const bool by_itself = onnx::is_imported(s.name) && !flags.asks_normalization;
  const Normalization otherwise = flags.normalization.value_or(Normalization{});
  const Normalization n = normalization_in(contents, by_itself ? Normalization{} : otherwise);
  s.mean = n.mean;
  s.std = n.std;
  s.code = m.choice("code", Code::hat);
  info.method = m.text("method", s.masks > 1 ? "robmask" : "standard");
  info.eps_max = m.text("eps_max", "8/255");
  info.norm = to_string(m.choice("norm", Norm::linf));
  info.seed = m.whole("seed", std::uint64_t{0});
  info.unsaid = {"method", "eps_max", "norm", "seed"};
  if (!flags.normalization && !contents.normalization) info.unsaid.insert({"mean", "std"});
  for (const auto& [key, value] : contents.file->metadata) info.unsaid.erase(key);
  const BnStats statistics =
      m.choice("bn_stats", from_string<BnStats>(flags.bn_stats.value_or("shared")));
  if (statistics == BnStats::split && s.masks > 1) s.pairs = info.method == "advprop" ? s.masks : 2;
  check_like(contents, s);
  info.aux_eps = m.numbers("aux_eps", s.masks - 1, 0, largest_eps);
  info.class_names = class_names_of(*contents.file);
  if (!info.class_names.empty() && std::ssize(info.class_names) != s.classes)
    m.refuse("class_names", fmt::format("the names of {} classes", s.classes));
  info.image_size = m.whole("image_size", flags.image_size.value_or(0));
  if (info.image_size > largest_image)
    m.refuse("image_size", fmt::format("at most {}", largest_image));
  return info;
}

}  // namespace

std::filesystem::path weights_path(const std::filesystem::path& from) {
  if (!std::filesystem::is_directory(from)) return from;
  const auto inside = from / "model.safetensors";
  require(std::filesystem::exists(inside),
          "`from` {}: expected a weights file or a run directory with model.safetensors",
          from.string());
  return inside;
}

SafeTensors read_weights(const std::filesystem::path& from) {
  const auto path = weights_path(from);
  if (ending_of(path) != ".onnx") return read_safetensors(path);
  onnx::Imported imported = onnx::import_network(path);
  for (const std::string& text : imported.warnings)
    warn(fmt::format("{}: {}", path.string(), text));
  return std::move(imported.weights);
}

CheckpointInfo read_info(const SafeTensors& file, const CheckpointOverrides& flags) {
  return info_of(contents_of(file, flags), flags);
}

std::vector<std::string> class_names_of(const SafeTensors& file) {
  return Metadata(file).names_in("class_names");
}

Normalization normalization_of(const SafeTensors& file, const Normalization& otherwise) {
  return normalization_in(contents_of(file), otherwise);
}

LoadedModel load_model(const SafeTensors& file, Backend& machine, DType maps,
                       const CheckpointOverrides& flags) {
  const Contents contents = contents_of(file, flags);
  LoadedModel loaded{info_of(contents, flags), nullptr};
  const ModelSpec& spec = loaded.info.spec;
  tell_of_beaten_flags(contents, spec, flags);
  loaded.model = std::make_unique<Model>(machine, maps, spec, std::nullopt);
  from_file(*loaded.model, contents);
  return loaded;
}

LoadedModel export_mask(const LoadedModel& from, double p) {
  const Model& masked = *from.model;
  Backend& machine = masked.machine();
  LoadedModel plain{from.info, nullptr};
  plain.info.spec.masks = plain.info.spec.pairs = 1;
  plain.info.spec.code = Code::hat;
  plain.info.aux_eps.clear();
  plain.model = std::make_unique<Model>(machine, masked.maps(), plain.info.spec, std::nullopt);
  const Segment at_p = masked.segment(1, Mode::eval, {p});
  for (std::size_t i = 0; i < masked.entries().size(); ++i) {
    const Entry& e = masked.entries()[i];
    const Tensor &value = e.variable.value(), &to = plain.model->entries()[i].variable.value();
    if (is_affine(e.role))
      machine.blend(to, at_p.code, value);
    else if (is_statistic(e.role))
      machine.blend(to, at_p.pair_code, value);
    else
      machine.copy(to, value.images(0, to.shape().n));
  }
  plain.model->refresh();
  return plain;
}

SafeTensors checkpoint_file(const Model& model, const CheckpointInfo& info, Index generation) {
  require(
      !onnx::is_imported(info.spec.name),
      "{}: a network that was imported is evaluated as it is; it cannot be trained or stored as "
      "another model's weights",
      info.spec.name);
  SafeTensors file = to_file(model);
  file.metadata = metadata_of(info, generation);
  return file;
}

void save_model(const std::filesystem::path& path, const Model& model, const CheckpointInfo& info,
                Index generation, const std::map<std::string, std::string>& more) {
  SafeTensors file = checkpoint_file(model, info, generation);
  file.metadata.insert(more.begin(), more.end());
  write_safetensors(path, file);
}

}  // namespace robmask
