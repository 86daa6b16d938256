// Five iterations of every recipe end where PyTorch's do, in double precision: losses, all weights,
// masks and running statistics.

#include <algorithm>
#include <numeric>

#include "tests/golden/tensors.h"
#include "tests/support/machines.h"
#include "training/sharded_step.h"

namespace robmask {
namespace {

template <Choice E>
E choice(const golden::Json& options, const char* name) {
  return from_string<E>(options[name].get<std::string>());
}

TrainSettings settings_of(const golden::Json& options) {
  TrainSettings s;
  s.method = choice<Method>(options, "method");
  s.masks = options["masks"].get<Index>();
  s.bn_stats = options["pairs"] == 1 ? BnStats::shared : BnStats::split;
  s.eps.value = options["eps"];
  s.attack.norm = choice<Norm>(options, "norm");
  s.attack.start = choice<Start>(options, "start");
  s.attack_bn = choice<AttackBn>(options, "attack_bn");
  s.attack_mask = choice<AttackMask>(options, "attack_mask");
  s.strength.kind = options["strength"] == "random" ? StrengthChoice::Kind::random
                                                    : StrengthChoice::Kind::per_image;
  s.robmask_loss = choice<RobmaskLoss>(options, "robmask_loss");
  s.code = choice<Code>(options, "code");
  s.beta = options["beta"];
  s.shards = options["shards"];
  for (const double eps : options["aux_eps"]) s.aux_eps.push_back({eps, ""});
  return s;
}

Tune tune_of(const golden::Json& parts) {
  const auto has = [&](const char* part) { return std::ranges::find(parts, part) != parts.end(); };
  return {has("gamma"), has("beta"), has("stats")};
}

/// Machine and recipe.
class GoldenRecipe : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  GoldenRecipe()
      : golden_(golden::read("recipe-" + std::get<1>(GetParam()))),
        settings_(settings_of(golden_["options"])),
        model_(backend(std::get<0>(GetParam())), DType::f64, spec(), 0) {
    golden::fill(model_);
  }

  ModelSpec spec() const {
    const MaskCounts counts = mask_counts(settings_);
    ModelSpec spec;
    spec.name = golden_["model"];
    spec.width = golden_["width"];
    spec.masks = counts.masks;
    spec.pairs = counts.pairs;
    spec.code = settings_.code;
    spec.mean = {0.4914, 0.4822, 0.4465};
    spec.std = {0.2470, 0.2435, 0.2616};
    return spec;
  }

  /// Runs the golden iterations and returns their losses.
  std::vector<double> train() {
    const bool finetunes = !golden_["options"]["tune"].empty();
    const Tune tune = tune_of(golden_["options"]["tune"]);
    const auto recipe = [&] {
      return finetunes ? make_finetune_recipe(settings_, tune, model_)
                       : make_recipe(settings_, model_);
    };
    Sgd sgd(finetunes ? tuned_parameters(tune, model_) : model_.parameters(), 0.9, 5e-4);
    sgd.set_rate(0.1);
    Backend& machine = model_.machine();
    Totals totals(machine);
    ShardedStep sharded_step({model_, recipe, sgd}, settings_, processes());
    const Index n = golden_["batch"];
    std::vector<double> losses;
    for (Index step = 0; step < golden_["iterations"]; ++step) {
      std::vector<Shard> shards = sharded_step.shards_of(n);
      for (Shard& shard : shards) {
        const Index first = step * n + shard.images.first, count = shard.images.count();
        std::vector<std::int32_t> ids(count);
        std::iota(ids.begin(), ids.end(), static_cast<std::int32_t>(first));
        shard.batch.images = golden::images(machine, first, count, 32);
        shard.batch.labels = golden::labels(machine, first, count);
        shard.batch.ids = make_tensor(machine, {count, 1, 1, 1}, ids);
        sharded_step.prepare(step, shard, ids);
      }
      totals.reset();
      sharded_step(shards, totals);
      losses.push_back(totals.loss.item() / static_cast<double>(n));
    }
    return losses;
  }

  /// Fails unless the golden iterations end where PyTorch's do.
  void expect_pytorchs_steps() {
    const std::vector<double> losses = train();
    for (std::size_t i = 0; i < losses.size(); ++i)
      EXPECT_NEAR(losses[i], golden_["losses"][i].get<double>(), 1e-7) << "in iteration " << i;

    std::size_t compared = 0;
    for (const StoredTensor& t : stored_tensors(model_)) {
      const Tensor& value = t.entry->variable.value();
      if (t.entry->role == Role::tracked) {
        EXPECT_EQ(to_stored(t, value).to<Index>()[0], golden_["tracked"][t.row].get<Index>())
            << t.name;
        continue;
      }
      std::vector<double> update = to_stored(t, value).to<double>();
      const std::vector<double> before = golden::initial_values(t);
      for (std::size_t i = 0; i < update.size(); ++i) update[i] -= before[i];
      golden::expect_close(update, golden_["updates"].at(t.name), 1e-6, t.name);
      ++compared;
    }
    EXPECT_EQ(compared, golden_["updates"].size());
  }

  golden::Json golden_;
  TrainSettings settings_;
  Model model_;
};

TEST_P(GoldenRecipe, TakesTheStepsThatPyTorchTakes) { expect_pytorchs_steps(); }

class GoldenSyncBn : public GoldenRecipe {};

TEST_P(GoldenSyncBn, OfFourShardsTakesTheStepsThatPyTorchTakesOfOneBatch) {
  settings_.shards = 4;
  settings_.sync_bn = true;
  expect_pytorchs_steps();
}

class GoldenHalves : public GoldenRecipe {};

TEST_P(GoldenHalves, OneAfterTheOtherTakeTheStepsThatPyTorchTakes) {
  settings_.halves = Halves::one_by_one;
  expect_pytorchs_steps();
}

std::string name_of_case(const testing::TestParamInfo<GoldenRecipe::ParamType>& instance) {
  std::string name = std::get<0>(instance.param) + '_' + std::get<1>(instance.param);
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Recipes, GoldenRecipe,
    testing::Combine(testing::ValuesIn(machines_under_test()),
                     testing::Values("standard", "pgd", "pgd-random-start", "pgd-l2",
                                     "pgd-bn-train-frozen", "pgd-bn-train", "finetune-pgd",
                                     "finetune-affine", "trades", "advprop", "advprop-two",
                                     "robmask", "robmask-split", "robmask-adv", "robmask-three",
                                     "robmask-three-split", "robmask-nearest", "robmask-per-image",
                                     "robmask-per-image-split", "robmask-attack-max",
                                     "robmask-attack-clean", "robmask-bn-train",
                                     "robmask-random-start", "pgd-bn-train-shards",
                                     "robmask-shards", "robmask-per-image-shards")),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Recipes, GoldenSyncBn,
    testing::Combine(testing::ValuesIn(machines_under_test()),
                     testing::Values("standard", "pgd-bn-train-frozen", "pgd-bn-train",
                                     "finetune-affine", "trades", "advprop-two",
                                     "robmask-per-image-split", "robmask-bn-train")),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Recipes, GoldenHalves,
    testing::Combine(testing::ValuesIn(machines_under_test()),
                     testing::Values("advprop", "advprop-two", "robmask", "robmask-split",
                                     "robmask-adv", "robmask-per-image-split", "robmask-bn-train")),
    name_of_case);

}  // namespace
}  // namespace robmask
