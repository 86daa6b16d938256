#pragma once
// A weights file of a small model, and what loading it comes to.

#include <cmath>
#include <functional>

#include "engine/backend.h"
#include "tests/files/scratch.h"
#include "training/checkpoint.h"
#include "training/weights.h"

namespace robmask::test {

inline ModelSpec spec_of(Index masks = 1, const std::string& name = "resnet18") {
  return {.name = name, .width = 4, .masks = masks, .pairs = masks > 1 ? 2 : 1};
}

/// A model whose weights follow from the seed and whose norms are no two alike.
inline std::unique_ptr<Model> model_of(const ModelSpec& spec, std::uint64_t seed) {
  auto model = std::make_unique<Model>(backend("cpu"), DType::f32, spec, seed);
  double value = 1 + 0.01 * static_cast<double>(seed);
  for (const Entry& e : model->entries())
    for (Index row = 0; is_norm(e.role) && row < e.variable.shape().n; ++row)
      e.variable.machine().fill(e.variable.value().images(row, 1),
                                std::floor(100 * (value += 0.01)));
  return model;
}

class WeightsFile : public testing::Test {
 protected:
  /// A file of that model; `change` edits it.
  Path put(const Model& model, const std::function<void(SafeTensors&)>& change) const {
    CheckpointInfo info;
    info.spec = model.spec();
    save_model(path_, model, info);
    SafeTensors file = read_safetensors(path_);
    change(file);
    write_safetensors(path_, file);
    return path_;
  }
  LoadedModel load(const CheckpointOverrides& flags = {}) const {
    return load_model(path_, backend("cpu"), DType::f32, flags);
  }
  std::string refusal(const CheckpointOverrides& flags = {}) const {
    const std::string line = message_of<InputError>([&] { load(flags); });
    EXPECT_TRUE(line.starts_with(path_.string() + ": ")) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    return line;
  }

  const ScratchFolder folder_;
  const Path path_ = folder_ / "file";
};

}  // namespace robmask::test
