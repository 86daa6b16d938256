#pragma once
// The options that every command has, and what they come to.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "engine/tensor.h"
#include "tools/robmask/options/option.h"

namespace robmask {

enum class Precision { fp32, tf32, bf16, fp64 };
constexpr auto names(Precision) {
  using enum Precision;
  return std::to_array<Named<Precision>>(
      {{fp32, "fp32"}, {tf32, "tf32"}, {bf16, "bf16"}, {fp64, "fp64"}});
}

constexpr double largest = 1'000'000'000;  // of counts: they and their sums fit everywhere

struct CommonSettings {
  std::string device = "auto";  // auto, cpu, cuda, cuda:N; resolved: the machine that runs
  Index threads = 0;            // resolved: at least 1
  std::uint64_t seed = 0;
  std::optional<Precision> precision;  // resolved: set
  std::string data = "synthetic";      // what load_dataset takes; empty, until resolved: the run's
  std::string data_origin;             // resolved: what says so, if no option does
  std::optional<Index> limit_train, limit_test;  // use N images; empty: all
  Sample sample = Sample::first;                 // which
  BrokenImages broken_images = BrokenImages::stop;
  Index max_pixels = usual_max_pixels;  // of an image file
  std::string out;                      // a folder (export: a file)
  bool json = false, quiet = false;
  double patience = 600;  // seconds, with other processes

  std::vector<std::string> given;   // options set by flags or the configuration file
  std::vector<std::string> unused;  // those of them that the command does not use

  bool was_given(const std::string& option) const { return std::ranges::count(given, option) > 0; }
};

/// Of commands that read a run: its data are the default.
CommonSettings common_of_reader();

/// With a check that the device is one.
void add_common(Options& options, CommonSettings& common);
/// Those of them that say how image files are read: --broken-images and --max-pixels.
void add_image_files(Options& options, CommonSettings& common);
/// --threads
void add_threads(Options& options, CommonSettings& common);
/// --patience, of commands that several processes share.
void add_processes(Options& options, CommonSettings& common);
/// --batch, of `images` at once.
void add_batch(Options& options, Index& batch);
/// --replay
void add_replay(Options& options, bool& replay);

/// The name of the machine that --device means: "auto" is CUDA where there is a device, else the
/// CPU, which `auto_fell_back` reports. Throws Unavailable for a CUDA device that is not here.
std::string machine_name(const std::string& device, bool& auto_fell_back);

/// Settles device, threads and precision for a machine of that name: fp32 on the CPU, else
/// `on_cuda`. InputError for a precision that the machine does not have.
void resolve_common(CommonSettings& common, const std::string& machine, Precision on_cuda);

/// The machine that resolved settings ask for, set to their precision; and the types of feature
/// maps and of all else (f32 beside bf16).
Backend& machine_of(const CommonSettings& common);
DType maps_of(const CommonSettings& common);
DType dtype_of(const CommonSettings& common);

/// Prints a result on standard output: the JSON with --json, else the text.
void print_result(const CommonSettings& common, const Json& json, const std::string& text);

/// Unless --data was given, takes it from the config.json of the run `from`, which is a run
/// directory or a weights file in one; --broken-images and --max-pixels go with it, unless given.
/// Where there is no config.json that names data, they are `otherwise`. common.data_origin says
/// which it was. InputError names a config.json that is not JSON.
void follow_data(CommonSettings& common, const Path& from,
                 const std::string& otherwise = "synthetic");

}  // namespace robmask
