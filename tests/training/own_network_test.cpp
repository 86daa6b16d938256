// A network of one's own is a model like the others; and what models refuse.

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/backend.h"
#include "layers/conv2d.h"
#include "layers/linear.h"
#include "layers/norm.h"
#include "models/global_average.h"
#include "tests/files/scratch.h"
#include "training/checkpoint.h"
#include "training/recipe.h"

namespace robmask {
namespace {

/// conv-mask-linear, whose first and last layer have names of their own.
class TinyNet {
 public:
  TinyNet(const Scope& s, Index width, Index classes)
      : stem_(s / "stem", 3, width, {.kernel = 3, .stride = 1, .pad = 1}),
        norm_(s / "norm", width),
        head_(s / "head", width, classes) {}

  Variable operator()(const Variable& x, const Context& c) const {
    return head_(global_average(norm_(stem_, x, c)));
  }

 private:
  Conv2d stem_;
  MaskedNorm norm_;
  Linear head_;
};

/// Stores a model of it and reads it again, by its metadata alone; under PyTorch's prefix, too.
bool is_stored_and_read() {
  define_network<TinyNet>("tiny");
  Backend& cpu = backend("cpu");
  CheckpointInfo info{.spec = {.name = "tiny", .width = 4, .classes = 6, .masks = 2}};
  const Model model(cpu, DType::f32, info.spec, 1);
  const test::ScratchFolder folder;
  const auto file = folder / "tiny.safetensors";
  save_model(file, model, info);
  SafeTensors weights = read_safetensors(file);
  for (NamedTensor& t : weights.tensors) t.name = "module." + t.name;
  write_safetensors(folder / "prefixed.safetensors", weights);
  const Tensor images(cpu, {2, 8, 8, 3}, DType::f32);
  cpu.fill(images, 0.5);
  const auto logits = [&](const Model& m) {
    return m.at(0.3)(Variable(images)).value().to_host<float>();
  };
  for (const auto& path : {file, folder / "prefixed.safetensors"}) {
    const LoadedModel again = load_model(path, cpu, DType::f32, {});
    if (again.info.spec.classes != 6 || logits(*again.model) != logits(model)) return false;
  }
  return true;
}

TEST(OwnNetworkDeathTest, IsStoredAndReadUnderItsOwnName) {
  // In a process of its own: no other test shall know the network.
  EXPECT_EXIT(std::_Exit(is_stored_and_read() ? 0 : 1), testing::ExitedWithCode(0), "");
}

TEST(OwnNetwork, HasANameThatNoneHas) {
  EXPECT_THROW(define_network<TinyNet>("resnet18"), InputError);
  const std::string line = test::message_of<InputError>([] { network_of("vgg"); });
  EXPECT_TRUE(test::mentions(line, "`model`: expected one of resnet18, preact18, ")) << line;
}

TEST(Models, RefuseStrengthsThatTheyHaveNoMaskFor) {
  const auto refusal = [](Index masks, double p) {
    const Model model(backend("cpu"), DType::f32, {.width = 2, .masks = masks}, 0);
    return test::message_of<InputError>([&] { model.at(p); });
  };
  EXPECT_EQ(refusal(1, 0.5), "`mask` 0.5: the model has one mask only, which is p = 0");
  EXPECT_EQ(refusal(2, 2), "`mask` 2: expected a strength from 0 to 1");
  const Model two(backend("cpu"), DType::f32, {.width = 2, .masks = 2}, 0);
  EXPECT_NO_THROW(two.at(0.5));
  EXPECT_THROW(encode(-0.1, 2), InputError);
}

TEST(Recipes, RefuseAModelWithoutTheMasksThatTheyTrain) {
  const Model plain(backend("cpu"), DType::f32, {.width = 2}, 0);
  EXPECT_THROW(make_recipe({.method = Method::robmask}, plain), InputError);
  EXPECT_THROW(make_recipe({.method = Method::advprop, .aux_random = true}, plain), InputError);
  EXPECT_NO_THROW(make_recipe({.method = Method::pgd}, plain));
}

TEST(Models, RefuseImagesOfAnotherShape) {
  const Model model(backend("cpu"), DType::f32, {.width = 2}, 0);
  const auto refusal = [&](const Shape& shape) {
    const Tensor images(backend("cpu"), shape, DType::f32);
    return test::message_of<InputError>([&] { model.at(0)(Variable(images)); });
  };
  EXPECT_NE(refusal({1, 32, 32, 1}).find("expected images N·H·W·3"), std::string::npos);
  EXPECT_NE(refusal({1, 32, 64, 3}).find("expected square feature maps"), std::string::npos);
}

}  // namespace
}  // namespace robmask
