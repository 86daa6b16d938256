// The images and labels that bench --init begins with.

#include "engine/backend.h"
#include "tests/fuzz/mutators.h"
#include "tools/robmask/bench_inputs.h"

namespace robmask::fuzz {

const Reader bench(
    "bench",
    [](std::string_view input) {
      static const Model model(backend("cpu"), DType::f32, {.name = "resnet18", .width = 1}, 0);
      BenchSettings settings;
      settings.init = put("init.safetensors", input).string();
      accepted("init.safetensors", [&] { bench_batch(model, bench_inputs(settings), 1); });
    },
    other_safetensors);

}  // namespace robmask::fuzz
