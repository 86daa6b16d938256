// Nothing that varies from one iteration to the next is frozen into a launch: two iterations start the
// same kernels over the same grids with the same bytes as arguments.

#include <gtest/gtest.h>

#include <numeric>

#include "data/dataset.h"
#include "engine/cuda/cuda_backend.h"
#include "training/images.h"
#include "training/sgd.h"

namespace robmask {
namespace {

using Launches = std::vector<gpu::emulated::Launch>;

/// What `work` starts, without doing it.
Launches launches_of(Backend& machine, const std::function<void()>& work) {
  const gpu::Stream stream = dynamic_cast<cuda::CudaBackend&>(machine).stream();
  gpu::begin_capture(stream);
  work();
  const gpu::Graph graph = gpu::end_capture(stream);
  Launches launches = gpu::emulated::launches_of(graph);
  gpu::destroy_graph(graph);
  return launches;
}

void expect_equal(const Launches& a, const Launches& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    EXPECT_TRUE(a[i] == b[i]) << "launch " << i << " of " << a[i].type;
}

TrainSettings settings_of(const std::string& name) {
  TrainSettings s;
  s.attack.steps = 2;
  s.aux_eps = {Strength{}};
  s.aux_random = name == "advprop_random";
  s.strength.kind =
      name == "robmask_per_image" ? StrengthChoice::Kind::per_image : StrengthChoice::Kind::random;
  s.method = from_string<Method>(name.substr(0, name.find('_')));
  return s;
}

class GpuEmulatorIteration : public testing::TestWithParam<std::string> {};

TEST_P(GpuEmulatorIteration, StartsWhatTheLastOneStarted) {
  const TrainSettings s = settings_of(GetParam());
  const MaskCounts counts = mask_counts(s);
  Backend& machine = backend("cuda");
  const Model model(machine, DType::f32,
                    {.name = "resnet18", .width = 2, .masks = counts.masks, .pairs = counts.pairs},
                    0);
  DataOptions options;
  options.limit_train = 9;
  const Images images(machine, load_dataset("synthetic", options).train);
  const auto recipe = make_recipe(s, model);
  Sgd sgd(model.parameters(), s.momentum, s.weight_decay);
  Totals totals(machine);
  const Batch batch = images.room(DType::f32, 3);
  const auto prepare = [&](Index step) {
    std::vector<std::int32_t> ids(3);
    std::iota(ids.begin(), ids.end(), static_cast<std::int32_t>(3 * step));
    const Images::Augmentation augmentation{0, 0, step};
    images.fill(batch, ids, &augmentation);
    sgd.set_rate(0.1 / static_cast<double>(step + 1));
    recipe->prepare(step, ids);
  };
  const auto iterate = [&] {
    recipe->step(batch, totals);
    sgd.step();
  };

  machine.use_pool(std::make_shared<Pool>(machine));  // as Replay does
  prepare(0);
  iterate();                      // makes the gradients
  launches_of(machine, iterate);  // takes memory in their place: from here on, addresses stay
  prepare(1);
  const Launches first = launches_of(machine, iterate);
  prepare(2);
  const Launches second = launches_of(machine, iterate);
  machine.use_pool(nullptr);
  EXPECT_GT(first.size(), 100u);
  expect_equal(first, second);
}

INSTANTIATE_TEST_SUITE_P(Recipes, GpuEmulatorIteration,
                         testing::Values("standard", "pgd", "trades", "advprop", "advprop_random",
                                         "robmask", "robmask_per_image"),
                         [](const auto& test) { return test.param; });

TEST(GpuEmulatorLaunches, ANumberFrozenIntoALaunchShows) {
  Backend& machine = backend("cuda");
  const Tensor x(machine, {3, 1, 1, 5}, DType::f32);
  const auto fill = [&](double value) {
    return launches_of(machine, [&] { machine.fill(x, value); });
  };
  EXPECT_EQ(fill(1), fill(1));
  EXPECT_NE(fill(1), fill(2));
}

}  // namespace
}  // namespace robmask
