// Nothing that varies from one iteration to the next is frozen into a launch: two iterations start
// the same kernels over the same grids with the same bytes as arguments, so they may be replayed.

#include <gtest/gtest.h>

#include <numeric>

#include "data/dataset.h"
#include "engine/cuda/cuda_backend.h"
#include "engine/ops.h"
#include "engine/tape.h"
#include "models/densenet.h"
#include "tests/gpu_emulator/fixture.h"
#include "tests/support/workbench.h"
#include "training/images.h"
#include "training/sgd.h"
#include "training/weights.h"

namespace robmask {
namespace {

using Launches = std::vector<gpu::emulated::Launch>;

/// What `work` starts, without doing it.
Launches launches_of(Backend& machine, const std::function<void()>& work) {
  return captured(dynamic_cast<cuda::CudaBackend&>(machine).stream(), work);
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

struct Training {
  std::string recipe;
  DType maps = DType::f32;

  ModelSpec spec() const {
    const MaskCounts counts = mask_counts(settings_of(recipe));
    return {.name = "resnet18", .width = 2, .masks = counts.masks, .pairs = counts.pairs};
  }
};

/// Iterations of a training on three images of 8×8 pixels each.
class Iterations {
 public:
  explicit Iterations(const Training& t)
      : model(machine, t.maps, t.spec(), 0),
        settings_(settings_of(t.recipe)),
        images_(machine, load_dataset("synthetic", options()).train),
        recipe_(make_recipe(settings_, model)),
        sgd_(model.parameters(), settings_.momentum, settings_.weight_decay),
        totals_(machine),
        filled_(images_.room(DType::f32, 3)),
        batch_{Tensor(machine, {3, 8, 8, 3}, DType::f32), filled_.labels, filled_.ids} {}

  Backend& machine = backend("cuda");
  const Model model;

  void prepare(Index step) {
    std::vector<std::int32_t> ids(3);
    std::iota(ids.begin(), ids.end(), static_cast<std::int32_t>(3 * step));
    const Images::Augmentation augmentation{0, 0, step};
    images_.fill(filled_, ids, &augmentation);
    machine.average_pool(batch_.images, filled_.images, {4, 4});
    sgd_.set_rate(0.1 / static_cast<double>(step + 1));
    recipe_->prepare(step, ids);
  }
  void iterate() {
    recipe_->step(batch_, totals_);
    sgd_.step();
  }

 private:
  static DataOptions options() {
    DataOptions options;
    options.limit_train = 9;
    return options;
  }

  TrainSettings settings_;
  Images images_;
  std::unique_ptr<Recipe> recipe_;
  Sgd sgd_;
  Totals totals_;
  Batch filled_, batch_;
};

class GpuEmulatorIteration : public testing::TestWithParam<Training> {
 public:
  static std::string name(const testing::TestParamInfo<Training>& info) {
    return fmt::format("{}_{}", info.param.recipe, name_of(info.param.maps));
  }
};

TEST_P(GpuEmulatorIteration, StartsWhatTheLastOneStarted) {
  Iterations run(GetParam());
  const auto iterate = [&] { run.iterate(); };
  run.machine.use_pool(std::make_shared<Pool>(run.machine));  // as Replay does
  run.prepare(0);
  iterate();                          // makes the gradients
  launches_of(run.machine, iterate);  // takes memory in their place: from here on, addresses stay
  run.prepare(1);
  const Launches first = launches_of(run.machine, iterate);
  run.prepare(2);
  const Launches second = launches_of(run.machine, iterate);
  run.machine.use_pool(nullptr);
  EXPECT_GT(first.size(), 100u);
  expect_equal(first, second);
}

INSTANTIATE_TEST_SUITE_P(Recipes, GpuEmulatorIteration,
                         testing::Values(Training{"standard"}, Training{"pgd"}, Training{"trades"},
                                         Training{"advprop"}, Training{"advprop_random"},
                                         Training{"robmask"}, Training{"robmask_per_image"},
                                         Training{"robmask", DType::bf16}),
                         GpuEmulatorIteration::name);

TEST(GpuEmulatorReplay, EndsInTheBitsOfIterationsRunOneByOneInHalfPrecisionToo) {
  const auto weights = [](bool replay) {
    Iterations run({"robmask", DType::bf16});
    Replay iteration(
        run.machine, [&] { run.iterate(); }, replay);
    for (Index step = 0; step < 3; ++step) {
      run.prepare(step);
      iteration();
    }
    return to_file(run.model).tensors;
  };
  EXPECT_EQ(weights(true), weights(false));
}

/// The views of DenseNet: layers that read and write ranges of channels of one buffer.
struct DenseNetwork {
  ModelShape shape;
  std::vector<Entry> entries;
  Scope scope{shape, entries};
  Conv2d conv{scope / "conv", 3, 8, {3, 1, 1}};
  DenseBlock block{scope / "block", 8, 2};
  MaskedNorm bn{scope / "bn", block.outputs()};
  Linear linear{scope / "linear", block.outputs(), 10};
  Tensor scale;  // of the pixels

  explicit DenseNetwork(Backend& machine)
      : shape{.machine = &machine, .maps = DType::bf16},
        scale(make_tensor(machine, {1, 1, 1, 3}, DType::f32, {4, 4, 4})) {}
  Variable operator()(const Tensor& images, const Context& c) const {
    const Variable buffer(
        Tensor(*shape.machine, images.shape().with_channels(block.outputs()), shape.maps));
    conv(affine(Variable(images), scale, {}, shape.maps), block.input(buffer));
    block(buffer, c);
    return linear(average_pool(bn(buffer, c), {images.shape().h, images.shape().h}));
  }
  std::vector<Variable> parameters() const {
    std::vector<Variable> trained;
    for (const Entry& e : entries)
      if (e.trained()) trained.push_back(e.variable);
    return trained;
  }
};

TEST(GpuEmulatorReplay, EndsInTheBitsOfIterationsRunOneByOneWhereLayersShareABuffer) {
  Backend& machine = backend("cuda");
  const auto weights = [&](bool replay) {
    Workbench bench(machine, DType::f32);
    const Tensor images = bench.input({9, 4, 4, 3}), now = bench.output({3, 4, 4, 3});
    const Tensor labels = bench.integers<std::int32_t>({3, 1, 1, 1}, 10), one = bench.scalar(1);
    const Context train{{{.images = 3, .mode = Mode::train, .code = one, .pair_code = one}}};
    const DenseNetwork network(machine);
    Sgd sgd(network.parameters(), 0.9, 5e-4);
    sgd.set_rate(0.1);
    const auto step = [&] {
      {
        Tape tape(network.parameters());
        tape.backward(mean(cross_entropy(network(now, train), labels)));
      }
      sgd.step();
    };
    Replay iteration(machine, step, replay);
    for (Index i = 0; i < 3; ++i) {
      machine.copy(now, images.images(3 * i, 3));
      iteration();
    }
    std::vector<std::vector<double>> all;
    for (const Variable& v : network.parameters()) all.push_back(v.value().to_doubles());
    return all;
  };
  EXPECT_EQ(weights(true), weights(false));
}

/// How many kernels of these names a convolution and the norm behind it start, over two segments of
/// so many images of 8×8 pixels: two make a tile.
struct Statistics {
  std::size_t taken = 0, read = 0, combined = 0;

  Statistics(DType maps, Mode mode, Index images) {
    Backend& machine = backend("cuda");
    const ModelShape shape{.machine = &machine, .maps = maps};
    std::vector<Entry> entries;
    const Scope scope(shape, entries);
    const Conv2d conv(scope / "conv", 16, 16, {3, 1, 1});
    const MaskedNorm norm(scope / "norm", 16);
    Workbench bench(machine, maps);
    const Tensor x = bench.input({2 * images, 8, 8, 16}), one = bench.scalar(1);
    const Segment segment{.images = images, .mode = mode, .code = one, .pair_code = one};
    const Context context{{segment, segment}};
    for (const auto& launch : launches_of(machine, [&] { norm(conv, Variable(x), context); })) {
      const std::string name = gpu::kernel_name(launch.type);
      const auto starts = [&](const char* with) -> std::size_t { return name.find(with) == 0; };
      taken += starts("WarpTapProductWithMoments");
      read += starts("PieceMoments");
      combined += starts("MakeBatchLens");
    }
  }
};

TEST(GpuEmulatorLaunches, BatchStatisticsAreTakenByTheConvolutionWhereSegmentsAreWholeTiles) {
  const Statistics whole(DType::bf16, Mode::train, 4);
  EXPECT_EQ(whole.taken, 1u);
  EXPECT_EQ(whole.read, 0u);
  EXPECT_EQ(whole.combined, 2u);
  EXPECT_EQ(Statistics(DType::bf16, Mode::train, 3).read, 2u);
  const Statistics attack(DType::bf16, Mode::eval, 4);
  EXPECT_EQ(attack.taken + attack.combined, 0u);
  const Statistics exact(DType::f32, Mode::train, 4);
  EXPECT_EQ(exact.taken, 0u);
  EXPECT_EQ(exact.read, 2u);
}

/// Of a grid's second dimension there are no more than 65535.
TEST(GpuEmulatorLaunches, WhereChannelsDoNotMatterLongRowsFillWholeTiles) {
  Backend& machine = backend("cuda");
  constexpr Index n = Index{1} << 22, of_tile = Index{64} * 32;
  for (const Shape& shape : {Shape{1, 1, 1, n}, Shape{n, 1, 1, 1}}) {
    const Tensor x(machine, shape, DType::f32);
    const Launches launches = launches_of(machine, [&] {
      machine.fill(x, 1);
      machine.add(x, x, x);
      machine.scale({x}, x, 2);
    });
    for (const auto& launch : launches) EXPECT_EQ(launch.blocks, gpu::Blocks(n / of_tile));
  }
}

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
