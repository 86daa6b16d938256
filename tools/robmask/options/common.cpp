#include "tools/robmask/options/common.h"

#include <iostream>

#include "data/files/json.h"
#include "engine/backend.h"
#include "engine/processes.h"
#include "engine/threads.h"

namespace robmask {

CommonSettings common_of_reader() {
  CommonSettings common;
  common.data.clear();
  return common;
}

namespace {

void check_device(const std::string& d) {
  const bool numbered = d.starts_with("cuda:") && d.size() > 5 && d.size() < 9 &&
                        d.find_first_not_of("0123456789", 5) == std::string::npos;
  require(d == "auto" || d == "cpu" || d == "cuda" || numbered,
          "--device: expected auto, cpu, cuda or cuda:N, got \"{}\"", d);
}

}  // namespace

void add_common(Options& o, CommonSettings& c) {
  o.add_check([&c] { check_device(c.device); });
  o.group("Common");
  o.add("data", c.data,
        "synthetic, cifar10:DIR, cifar100:DIR, folder:DIR, imagenet:DIR or "
        "npy:IMAGES.npy[,LABELS.npy]",
        {}, c.data.empty() ? "the run's own" : c.data)
      .choices = {"synthetic", "cifar10:", "cifar100:", "folder:", "imagenet:", "npy:"};
  o.add("limit-train", c.limit_train, "use N training images", from_to(1, largest), "all");
  o.add("limit-test", c.limit_test, "use N test images", from_to(1, largest),
        c.limit_test ? std::to_string(*c.limit_test) : "all");
  o.add("sample", c.sample, "which N images: the first, as many of each class, or drawn by --seed");
  add_image_files(o, c);
  o.add("device", c.device, "auto, cpu, cuda or cuda:N").choices = {"auto", "cpu", "cuda"};
  add_threads(o, c);
  o.add("seed", c.seed, "drives initialization, order, crops, starts and strengths");
  o.add("precision", c.precision, "of the arithmetic; tf32 and bf16 on CUDA", {},
        "fp32; on CUDA bf16 for train, finetune and bench");
  o.add("out", c.out, "where results go");
  o.flag("json", c.json, "print a machine-readable result");
  o.flag("quiet", c.quiet, "no progress on standard error");
}

void add_image_files(Options& o, CommonSettings& c) {
  o.add("broken-images", c.broken_images, "stop the run, or skip them with a warning");
  o.add("max-pixels", c.max_pixels, "an image file of more is broken", from_to(1, largest));
}

void add_threads(Options& o, CommonSettings& c) {
  o.add("threads", c.threads, "threads on the CPU", from_to(1, most_threads), "all cores");
}

void add_processes(Options& o, CommonSettings& c) {
  o.group("Several processes");
  o.add("patience", c.patience, "seconds that one waits for another", from_to(1, largest));
}

void add_batch(Options& o, Index& batch) {
  o.add("batch", batch, "images at once", from_to(1, 1'000'000));
}

void add_replay(Options& o, bool& replay) {
  o.add("replay", replay, "on CUDA, record an iteration once and replay it as a graph: on, off");
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

void resolve_common(CommonSettings& c, const std::string& machine, Precision on_cuda) {
  const bool cuda = machine.starts_with("cuda");
  c.device = machine;
  if (c.threads == 0) c.threads = thread_count();
  if (!c.precision) c.precision = cuda ? on_cuda : Precision::fp32;
  require(cuda || c.precision == Precision::fp32 || c.precision == Precision::fp64,
          "--precision: expected fp32 or fp64 on the CPU, got \"{}\", which only --device cuda "
          "has: use --precision fp32",
          to_string(*c.precision));
}

Backend& machine_of(const CommonSettings& common) {
  Backend& machine = backend(common.device);
  machine.use_products(common.precision == Precision::tf32 ? Products::tf32 : Products::exact);
  return machine;
}

DType maps_of(const CommonSettings& common) {
  if (common.precision == Precision::fp64) return DType::f64;
  return common.precision == Precision::bf16 ? DType::bf16 : DType::f32;
}

DType dtype_of(const CommonSettings& common) { return real_of(maps_of(common)); }

void print_result(const CommonSettings& common, const Json& json, const std::string& text) {
  if (!processes().first()) return;
  std::cout << (common.json ? json_line(json) + "\n" : text) << std::flush;
  if (!std::cout) throw RunError("the result could not be written to standard output");
}

namespace {

/// The config.json that goes with weights, or a path where there is nothing.
Path config_of(const Path& from) {
  std::error_code none;  // a name that cannot be is not there
  return (std::filesystem::is_directory(from, none) ? from : from.parent_path()) / "config.json";
}

}  // namespace

void follow_data(CommonSettings& common, const Path& from, const std::string& otherwise) {
  if (!common.data.empty()) return;
  common.data = otherwise;
  common.data_origin = "the default: no config.json beside the weights names others";
  const Path config = config_of(from);
  std::error_code none;
  const Json run = std::filesystem::exists(config, none) ? read_json(config) : Json();
  if (!run.is_object() || !run.value("data", Json()).is_string()) return;
  common.data = run["data"];
  common.data_origin = fmt::format("the run's own, from {}", config.string());
  const auto stored = [&](const char* option) {
    return common.was_given(option) ? Json() : run.value(option, Json());
  };
  const Json most = stored("max-pixels"), broken = stored("broken-images");
  if (most.is_number_integer() && most > 0) common.max_pixels = most.get<Index>();
  if (!broken.is_string()) return;
  try {
    common.broken_images = from_string<BrokenImages>(broken.get<std::string>());
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: broken-images: {}", config.string(), error.what()));
  }
}

}  // namespace robmask
