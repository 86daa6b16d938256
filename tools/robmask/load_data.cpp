#include "tools/robmask/load_data.h"

#include <functional>

#include "training/terminal.h"

namespace robmask {

DataOptions data_options(const CommonSettings& common, bool train, bool test) {
  DataOptions options;
  options.train = train;
  options.test = test;
  options.limit_train = common.limit_train.value_or(no_limit);
  options.limit_test = common.limit_test.value_or(no_limit);
  options.sample = common.sample;
  options.broken = common.broken_images;
  options.max_pixels = common.max_pixels;
  options.seed = common.seed;
  return options;
}

namespace {

/// Loads, then does `more`.
Dataset load(const CommonSettings& common, bool train, bool test, Index image_size,
             const std::function<void(Dataset&)>& more) {
  try {
    DataOptions options = data_options(common, train, test);
    options.image_size = image_size;
    Dataset data = load_dataset(common.data, options);
    more(data);
    if (!common.data_origin.empty()) log("--data {}: {}", common.data, common.data_origin);
    return data;
  } catch (const InputError& error) {
    if (common.data_origin.empty()) throw;
    throw InputError(fmt::format(
        "{} (this is {}; its folders are relative to where that run was started: give --data)",
        error.what(), common.data_origin));
  }
}

}  // namespace

Dataset load_data(const CommonSettings& common, bool train, bool test,
                  std::optional<Index> image_size) {
  return load(common, train, test, image_size.value_or(0), [](Dataset&) {});
}

Dataset load_data(const CommonSettings& common, bool train, bool test, const CheckpointInfo& from,
                  MatchClasses match) {
  return load(common, train, test, from.image_size, [&](Dataset& data) {
    match_classes(data, {from.spec.classes, from.class_names}, match);
    const Index side = (train ? data.train : data.test).height;
    if (from.image_size > 0 && side != from.image_size)
      data.warnings.push_back(
          fmt::format("--data {}: its images are {}x{}, the model was trained on {}x{}", data.spec,
                      side, side, from.image_size, from.image_size));
  });
}

Dataset load_data(const CommonSettings& common, Part part, const CheckpointInfo& from,
                  MatchClasses match) {
  Dataset data = load_data(common, part == Part::train, part == Part::test, from, match);
  require(data.train.size() + data.test.size() > 0, "--data {}: expected {} images, found none",
          common.data, to_string(part));
  return data;
}

void tell_of(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) warn(warning);
}

}  // namespace robmask
