// How many kernels an iteration starts. Each costs a device more than a microsecond, so a change that
// starts more of them must say so here; docs/gpu.md goes by these numbers.

#include <gtest/gtest.h>

#include "engine/cuda/cuda_backend.h"
#include "tests/gpu_emulator/fixture.h"
#include "tests/support/workbench.h"
#include "training/recipes.h"
#include "training/sgd.h"

namespace robmask {
namespace {

/// Counted without being run: an iteration in bf16 of eight images, of which 4×4 pixels of a map are
/// a tile, so that numbers are those of any batch of whole tiles.
std::size_t launches(const std::string& network, Method method) {
  Backend& machine = backend("cuda");
  const gpu::Stream stream = dynamic_cast<cuda::CudaBackend&>(machine).stream();
  TrainSettings settings;
  settings.method = method;
  const MaskCounts counts = mask_counts(settings);
  const Model model(machine, DType::bf16,
                    {.name = network, .masks = counts.masks, .pairs = counts.pairs}, 0);
  const RecipePointer recipe = make_recipe(settings, model);
  Sgd sgd(model.parameters(), settings.momentum, settings.weight_decay);
  Totals totals(machine);
  constexpr Index n = 8;
  const std::vector<std::int32_t> ids(n);
  const Tensor numbers = make_tensor(machine, {n, 1, 1, 1}, ids);
  const Batch batch{Tensor(machine, {n, 32, 32, 3}, DType::f32), numbers, numbers};
  recipe->prepare(0, ids);
  sgd.set_rate(0.1);
  const auto count = [&](const auto& work) { return captured(stream, work).size(); };
  const std::size_t of_step = count([&] { recipe->step(batch, totals); });
  sgd.step();  // once as it is: it uploads its list
  return of_step + count([&] { sgd.step(); });
}

TEST(GpuEmulatorLaunchCounts, OfAnIterationOfEachNetwork) {
  EXPECT_EQ(launches("resnet18", Method::robmask), 712u);
  EXPECT_EQ(launches("resnet18", Method::standard), 201u);
  EXPECT_EQ(launches("preact18", Method::robmask), 969u);
  EXPECT_EQ(launches("preact18", Method::standard), 213u);
  EXPECT_EQ(launches("densenet121", Method::robmask), 4622u);
  EXPECT_EQ(launches("densenet121", Method::standard), 1108u);
  EXPECT_EQ(launches("resnext29", Method::robmask), 1022u);
  EXPECT_EQ(launches("resnext29", Method::standard), 280u);
}

}  // namespace
}  // namespace robmask
