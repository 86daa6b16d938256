// state.safetensors of a run of resnet18, width 1, on 16 images of which none is asked for.

#include "engine/backend.h"
#include "tests/fuzz/mutators.h"
#include "training/run_state.h"

namespace robmask::fuzz {

const Reader state(
    "state",
    [](std::string_view input) {
      static const Model model(backend("cpu"), DType::f32, {.name = "resnet18", .width = 1}, 0);
      static const Sgd sgd(model.parameters(), 0.9, 5e-4);
      const Path path = put("state.safetensors", input);
      accepted("state.safetensors", [&] {
        const SafeTensors file = read_safetensors(path);
        accepted("state.safetensors", [&] { restore(file, model, sgd); });
        read_progress(file, {.epochs = 2, .batch = 8, .images = {16, "feed"}});
      });
    },
    other_safetensors);

}  // namespace robmask::fuzz
