// A weights file becomes a model: what it says of itself, its tensors' names, their numbers.

#include "engine/backend.h"
#include "tests/fuzz/mutators.h"
#include "training/checkpoint.h"

namespace robmask::fuzz {

const Reader weights(
    "weights",
    [](std::string_view input) {
      const Path path = put("weights.safetensors", input);
      CheckpointOverrides flags;
      flags.model = "resnet18";
      flags.width = 1;
      accepted("weights.safetensors", [&] {
        const LoadedModel loaded = load_model(path, backend("cpu"), DType::f32, flags);
        if (loaded.model->spec().masks > 1) export_mask(loaded, 0.5);
      });
    },
    other_safetensors);

}  // namespace robmask::fuzz
