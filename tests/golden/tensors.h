#pragma once
// Golden files and golden values: what PyTorch computed, and the weights and images it began with.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/model.h"
#include "tests/golden/hash.h"
#include "training/weights.h"

namespace robmask::golden {

using Json = nlohmann::json;

/// tests/golden/<name>.json; tests run in the project's folder.
inline Json read(const std::string& name) {
  std::ifstream file("tests/golden/" + name + ".json");
  return Json::parse(file);
}

/// The values that the formula gives a stored tensor, in its file's layout.
inline std::vector<double> initial_values(const StoredTensor& t) {
  const Shape& s = t.entry->variable.shape();
  const double fan_in = static_cast<double>(s.n * s.h * s.w);  // {K,K,Cin,Cout} of a product
  switch (t.entry->role) {
    case Role::conv_weight:
    case Role::linear_weight: return values(t.name, s.count(), 0, 1 / std::sqrt(fan_in));
    case Role::linear_bias:
    case Role::running_mean: return values(t.name, s.c, 0, 0.1);
    case Role::mask_bias: return values(t.name, s.c, 0, 0.2);
    default: return values(t.name, s.c, 1, 0.2);
  }
}

/// Gives every weight and running statistic of an f64 model its golden value.
inline void fill(const Model& model) {
  for (const StoredTensor& t : stored_tensors(model))
    if (t.entry->role != Role::tracked)
      from_stored(t, t.entry->variable.value(), host_tensor(t.shape, initial_values(t)));
}

/// Golden images `first` … `first + count − 1` as bytes over 255, N·H·W·3, and their labels.
inline Tensor images(Backend& machine, Index first, Index count, Index size) {
  std::vector<double> host;
  for (Index n = first; n < first + count; ++n)
    for (Index p = 0; p < size * size; ++p)
      for (Index c = 0; c < 3; ++c) host.push_back(pixel((n * 3 + c) * size * size + p) / 255.0);
  return make_tensor(machine, {count, size, size, 3}, host);
}
inline Tensor labels(Backend& machine, Index first, Index count) {
  std::vector<std::int32_t> host;
  for (Index n = first; n < first + count; ++n) host.push_back(label(n));
  return make_tensor(machine, {count, 1, 1, 1}, host);
}

/// N·H·W·C → NCHW, as fingerprints of images are taken.
inline std::vector<double> channels_first(const Tensor& t) {
  const Shape& s = t.shape();
  const std::vector<double> host = t.to_host<double>();
  std::vector<double> there(host.size());
  for (Index n = 0, i = 0; n < s.n; ++n)
    for (Index p = 0; p < s.pixels(); ++p)
      for (Index c = 0; c < s.c; ++c, ++i) there[(n * s.c + c) * s.pixels() + p] = host[i];
  return there;
}

/// Expects a tensor in PyTorch's layout to have PyTorch's fingerprint.
inline void expect_close(const std::vector<double>& ours, const Json& theirs, double tolerance,
                         const std::string& what) {
  const std::vector<double> print = fingerprint(ours), golden = theirs;
  if (golden[0] == 0)
    EXPECT_EQ(print[0], 0) << what;
  else
    EXPECT_LT(relative_distance(print, golden), tolerance) << what;
}

}  // namespace robmask::golden
