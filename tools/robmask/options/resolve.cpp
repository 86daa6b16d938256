#include "tools/robmask/options/resolve.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <ctime>

#include "engine/threads.h"
#include "tools/robmask/options/config_json.h"
#include "tools/robmask/options/run_data.h"
#include "tools/robmask/options/unused.h"
#include "training/checkpoint.h"

namespace robmask {

namespace {

void resolve_common(CommonSettings& c, const std::string& machine, Precision on_cuda) {
  const bool cuda = machine.starts_with("cuda");
  c.device = machine;
  if (c.threads == 0) c.threads = thread_count();
  if (!c.precision) c.precision = cuda ? on_cuda : Precision::fp32;
  require(cuda || c.precision == Precision::fp32 || c.precision == Precision::fp64,
          "--precision: expected fp32 or fp64 on the CPU, got \"{}\", which only --device cuda "
          "has: use "
          "--precision fp32",
          to_string(*c.precision));
}

void resolve_network(ModelSettings& m) {
  if (!m.model) m.model = "resnet18";
  if (!m.width) m.width = 64;
}

/// Masks, statistics and ε that follow from the method.
void resolve_method(TrainSettings& s) {
  ModelSettings& m = s.model;
  m.bn_stats = s.method == Method::advprop   ? BnStats::split
               : s.method == Method::robmask ? m.bn_stats.value_or(BnStats::shared)
                                             : BnStats::shared;
  if (s.method == Method::advprop && !s.aux_random) {
    if (s.aux_eps.empty()) s.aux_eps = {s.attack.eps};
    s.attack.eps = s.aux_eps.back();  // p = 1 stands for the largest ε
  }
  m.masks = s.method == Method::robmask   ? m.masks.value_or(2)
            : s.method != Method::advprop ? 1
            : s.aux_random                ? 2
                                          : 1 + static_cast<Index>(s.aux_eps.size());
}

/// The model that finetuning starts from.
std::string model_of(const FinetuneSettings& s) {
  const ModelSettings& m = s.train.model;
  CheckpointOverrides flags;
  flags.model = m.model;
  flags.width = m.width;
  flags.masks = m.masks;
  if (m.bn_stats) flags.bn_stats = to_string(*m.bn_stats);
  return read_info(s.from, flags).spec.name;
}

template <class S>
void require_same_run(const S& s) {
  require_stored_settings(name_of(s), table_of(s), continued_run(s));
}

}  // namespace

std::string run_directory(Method method, const std::string& model) {
  const std::string name = fmt::format("runs/{}-{}-{:%Y%m%d-%H%M%S}", to_string(method), model,
                                       fmt::localtime(std::time(nullptr)));
  std::string fresh = name;
  for (int i = 2; std::filesystem::exists(fresh); ++i) fresh = fmt::format("{}-{}", name, i);
  return fresh;
}

std::string machine_name(const std::string& device, bool& auto_fell_back) {
  auto_fell_back = false;
  if (device != "auto") return backend(device).name();
  try {
    return backend("cuda").name();
  } catch (const Unavailable&) {
    auto_fell_back = true;
    return backend("cpu").name();
  }
}

void resolve(TrainSettings& s, const std::string& machine) {
  s.common.unused = unused_by_method(s);
  resolve_common(s.common, machine, Precision::bf16);
  resolve_network(s.model);
  resolve_method(s);
  if (s.common.out.empty()) s.common.out = run_directory(s.method, *s.model.model);
  require_same_run(s);
}

void resolve(FinetuneSettings& s, const std::string& machine) {
  TrainSettings& t = s.train;
  t.common.unused = unused_by_finetuning(t);
  resolve_common(t.common, machine, Precision::bf16);
  follow_data(t.common, s.from);
  if (t.common.out.empty()) t.common.out = run_directory(t.method, model_of(s));
  require_same_run(s);
}

void resolve(EvaluateSettings& s, const std::string& machine) {
  s.common.unused = unused_by_attacks(s);
  resolve_common(s.common, machine, Precision::fp32);
  follow_data(s.common, s.from);
}

void resolve(PredictSettings& s, const std::string& machine) {
  resolve_common(s.common, machine, Precision::fp32);
  follow_data(s.common, s.from);
}

void resolve(InterpolateSettings& s, const std::string& machine) {
  follow_data(s.evaluate.common, s.first);
  resolve(s.evaluate, machine);
}

void resolve(ExportSettings& s, const std::string& machine) {
  resolve_common(s.common, machine, Precision::fp32);
}

void resolve(InfoSettings& s, const std::string& machine) {
  resolve_common(s.common, machine, Precision::fp32);
}

void resolve(ReproduceSettings& s, const std::string& machine) {
  const std::optional<Precision> precision = s.common.precision;
  resolve_common(s.common, machine, Precision::fp32);
  s.common.precision = precision;
}

void resolve(BenchSettings& s, const std::string& machine) {
  resolve_common(s.common, machine, Precision::bf16);
  resolve_network(s.model);
}

void resolve(ReportSettings& s, const std::string& machine) {
  resolve_common(s.common, machine, Precision::fp32);
  if (s.common.out.empty()) {
    const Path run = s.runs.front();
    s.common.out = (std::filesystem::is_regular_file(run) ? Path(run).replace_extension(".html")
                                                          : run / "report.html")
                       .string();
  }
  std::ranges::sort(s.masks);
  s.masks.erase(std::unique(s.masks.begin(), s.masks.end()), s.masks.end());
}

}  // namespace robmask
