#include "training/checkpoint.h"

#include <charconv>
#include <map>

#include "data/files/safetensors.h"
#include "engine/backend.h"
#include "training/weights.h"

namespace robmask {

namespace {

using Metadata = std::map<std::string, std::string>;

std::string join(const double* values, std::size_t count) {
  return fmt::format("{}", fmt::join(values, values + count, ","));
}

std::vector<double> numbers(const std::string& file, const std::string& key,
                            const std::string& text) {
  std::vector<double> values;
  const char *p = text.data(), *last = p + text.size();
  while (p < last) {
    const auto [end, error] = std::from_chars(p, last, values.emplace_back());
    require(error == std::errc() && (end == last || *end == ','),
            "{}: metadata \"{}\": expected numbers, got \"{}\"", file, key, text);
    p = end + (end < last);
  }
  return values;
}

template <class T>
T whole(const std::string& file, const Metadata& metadata, const std::string& key, T other) {
  const auto at = metadata.find(key);
  if (at == metadata.end()) return other;
  T v = 0;
  const char* last = at->second.data() + at->second.size();
  const auto [end, error] = std::from_chars(at->second.data(), last, v);
  require(error == std::errc() && end == last && !(v < T{0}),
          "{}: metadata \"{}\": expected a whole number, got \"{}\"", file, key, at->second);
  return v;
}

void three(const std::string& file, const Metadata& metadata, const std::string& key,
           std::array<double, 3>& to) {
  const auto at = metadata.find(key);
  if (at == metadata.end()) return;
  const std::vector<double> values = numbers(file, key, at->second);
  require(values.size() == 3, "{}: metadata \"{}\": expected three numbers, got \"{}\"", file, key,
          at->second);
  std::copy(values.begin(), values.end(), to.begin());
}

Metadata metadata_of(const CheckpointInfo& info, Index generation) {
  const ModelSpec& s = info.spec;
  Metadata m{{"format", "robmask"},
             {"model", s.name},
             {"width", std::to_string(s.width)},
             {"classes", std::to_string(s.classes)},
             {"method", info.method},
             {"masks", std::to_string(s.masks)},
             {"code", s.code == Code::hat ? "hat" : "nearest"},
             {"bn_stats", s.statistics()},
             {"eps_max", info.eps_max},
             {"norm", info.norm},
             {"mean", join(s.mean.data(), 3)},
             {"std", join(s.std.data(), 3)},
             {"seed", std::to_string(info.seed)},
             {"generation", std::to_string(generation)}};
  if (!info.aux_eps.empty()) m["aux_eps"] = join(info.aux_eps.data(), info.aux_eps.size());
  return m;
}

/// The width of a file without metadata is seen from its stem and the classes from its head.
Index outputs_of(const SafeTensors& file, const std::string& ending, std::size_t axis,
                 Index other) {
  for (const NamedTensor& t : file.tensors)
    if (t.name.ends_with(ending) && t.tensor.shape.size() > axis) return t.tensor.shape[axis];
  return other;
}

CheckpointInfo info_of(const SafeTensors& file, const CheckpointOverrides& flags) {
  const Metadata& m = file.metadata;
  const auto text = [&](const std::string& key, const std::string& other) {
    const auto at = m.find(key);
    return at == m.end() ? other : at->second;
  };
  CheckpointInfo info;
  ModelSpec& s = info.spec;
  require(m.contains("model") || flags.model,
          "{}: the file does not say which model it is: give --model (and --width, --masks, "
          "--bn-stats where they differ from the defaults)",
          file.source);
  s.name = text("model", flags.model.value_or(""));
  s.width = whole(file.source, m, "width", flags.width.value_or(64));
  s.classes = whole(file.source, m, "classes",
                    outputs_of(file, "linear.bias", 0, outputs_of(file, "fc.bias", 0, 10)));
  s.masks = whole(file.source, m, "masks", flags.masks.value_or(1));
  s.mean = flags.mean;
  s.std = flags.std;
  three(file.source, m, "mean", s.mean);
  three(file.source, m, "std", s.std);
  s.code = text("code", "hat") == "nearest" ? Code::nearest : Code::hat;
  info.method = text("method", s.masks > 1 ? "robmask" : "standard");
  info.eps_max = text("eps_max", "8/255");
  info.norm = text("norm", "linf");
  info.seed = whole(file.source, m, "seed", std::uint64_t{0});
  if (m.contains("aux_eps")) info.aux_eps = numbers(file.source, "aux_eps", m.at("aux_eps"));
  const std::string statistics = text("bn_stats", flags.bn_stats.value_or("shared"));
  require(statistics == "shared" || statistics == "split",
          "{}: metadata \"bn_stats\": expected shared or split, got \"{}\"", file.source,
          statistics);
  if (statistics == "split" && s.masks > 1) s.pairs = info.method == "advprop" ? s.masks : 2;
  return info;
}

SafeTensors state_of(const Model& model, const Sgd& sgd, const RunState& p) {
  SafeTensors file;
  const auto add = [&](const std::string& name, const Tensor& t) {
    std::vector<Index> shape{t.shape().n, t.shape().h, t.shape().w, t.shape().c};
    if (t.dtype() == DType::i64)
      file.add(name, host_tensor(std::move(shape), t.to_host<Index>()));
    else
      dispatch(t.dtype(),
               [&]<class T>() { file.add(name, host_tensor(std::move(shape), t.to_host<T>())); });
  };
  for (const Entry& e : model.entries()) add("model/" + e.name, e.variable.value());
  for (std::size_t i = 0; i < sgd.momenta().size(); ++i)
    add(fmt::format("momentum/{}", i), sgd.momenta()[i]);
  file.add("progress/counters",
           host_tensor({5}, std::vector<Index>{p.epoch, p.batch, p.step, p.images, p.generation}));
  file.add("progress/sums", host_tensor({5}, std::vector<double>{p.loss, p.loss_clean, p.loss_adv,
                                                                 p.hits, p.seconds}));
  file.metadata = {{"format", "robmask state"}, {"generation", std::to_string(p.generation)}};
  return file;
}

}  // namespace

std::filesystem::path weights_path(const std::filesystem::path& from) {
  if (!std::filesystem::is_directory(from)) return from;
  const auto inside = from / "model.safetensors";
  require(std::filesystem::exists(inside),
          "--from {}: expected a weights file or a run directory with model.safetensors",
          from.string());
  return inside;
}

CheckpointInfo read_info(const std::filesystem::path& from, const CheckpointOverrides& flags) {
  return info_of(read_safetensors(weights_path(from)), flags);
}

LoadedModel load_model(const std::filesystem::path& from, Backend& machine, DType maps,
                       const CheckpointOverrides& flags) {
  const SafeTensors file = read_safetensors(weights_path(from));
  LoadedModel loaded{info_of(file, flags), nullptr};
  loaded.model = std::make_unique<Model>(machine, maps, loaded.info.spec, loaded.info.seed);
  from_file(*loaded.model, file);
  return loaded;
}

LoadedModel export_mask(const LoadedModel& from, double p) {
  const Model& masked = *from.model;
  Backend& machine = masked.machine();
  LoadedModel plain{from.info, nullptr};
  plain.info.spec.masks = plain.info.spec.pairs = 1;
  plain.info.spec.code = Code::hat;
  plain.info.aux_eps.clear();
  plain.model = std::make_unique<Model>(machine, masked.maps(), plain.info.spec, from.info.seed);
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

void save_model(const std::filesystem::path& path, const Model& model, const CheckpointInfo& info,
                Index generation) {
  SafeTensors file = to_file(model);
  file.metadata = metadata_of(info, generation);
  write_safetensors(path, file);
}

void save_checkpoint(const std::filesystem::path& dir, const Model& model, const Sgd& sgd,
                     const CheckpointInfo& info, const RunState& progress) {
  write_safetensors(dir / "state.safetensors", state_of(model, sgd, progress));
  save_model(dir / "model.safetensors", model, info, progress.generation);
}

RunState resume_checkpoint(const std::filesystem::path& dir, const Model& model, const Sgd& sgd) {
  const SafeTensors file = read_safetensors(dir / "state.safetensors");
  const auto restore = [&](const std::string& name, const Tensor& t) {
    const std::vector<Index> shape{t.shape().n, t.shape().h, t.shape().w, t.shape().c};
    require(file.at(name).shape == shape, "{}: tensor \"{}\": expected shape {}, got {}",
            file.source, name, to_string(shape), to_string(file.at(name).shape));
    if (t.dtype() == DType::i64)
      t.from_host(file.values<Index>(name));
    else
      dispatch(t.dtype(), [&]<class T>() { t.from_host(file.values<T>(name)); });
  };
  for (const Entry& e : model.entries()) restore("model/" + e.name, e.variable.value());
  for (std::size_t i = 0; i < sgd.momenta().size(); ++i)
    restore(fmt::format("momentum/{}", i), sgd.momenta()[i]);
  model.refresh();
  const auto counters = file.values<Index>("progress/counters");
  const auto sums = file.values<double>("progress/sums");
  require(counters.size() == 5 && sums.size() == 5,
          "{}: expected five counters and five sums of progress", file.source);
  return {.generation = counters[4],
          .epoch = counters[0],
          .batch = counters[1],
          .step = counters[2],
          .loss = sums[0],
          .loss_clean = sums[1],
          .loss_adv = sums[2],
          .hits = sums[3],
          .images = counters[3],
          .seconds = sums[4]};
}

}  // namespace robmask
