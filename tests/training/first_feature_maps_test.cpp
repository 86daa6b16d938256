// The feature maps behind the first mask, in every network.

#include "models/first_feature_maps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/backend.h"
#include "tests/support/networks.h"

namespace robmask {
namespace {

/// Two images of noise and a model whose second mask is γ = −½, β = ½ in every norm.
struct TwoMasks {
  explicit TwoMasks(const std::string& name)
      : model(backend("cpu"), DType::f64, {.name = name, .masks = 2}, 1) {
    for (const Entry& e : model.entries())
      if (is_affine(e.role))
        model.machine().fill(e.variable.value().images(1, 1),
                             e.role == Role::mask_weight ? -0.5 : 0.5);
    std::vector<double> pixels(2 * 32 * 32 * 3);
    for (std::size_t i = 0; i < pixels.size(); ++i)
      pixels[i] = random_uniform<double>({.seed = 5}, static_cast<std::uint32_t>(i));
    images = make_tensor(model.machine(), {2, 32, 32, 3}, DType::f64, pixels);
  }
  std::vector<double> maps(double p) const {
    return first_feature_maps(model, images, p).to_doubles();
  }

  Model model;
  Tensor images;
};

std::vector<std::string> networks_with_relu() {
  std::vector<std::string> names = networks_under_test();
  std::ranges::replace(names, "dm-wrn-10-1", "dm-wrn-10-1-relu");
  return names;
}

class EveryNetworksFirstMaps : public testing::TestWithParam<std::string> {};

TEST_P(EveryNetworksFirstMaps, SwitchWithTheMask) {
  // z_0 = max(y, 0) and z_1 = max(½ − y/2, 0), so where y > 0 and z_1 > 0, z_1 = ½ − z_0/2; halfway
  // γ = ¼ and β = ¼.
  const TwoMasks scene(GetParam());
  const auto clean = scene.maps(0), halfway = scene.maps(0.5), robust = scene.maps(1);
  std::size_t both = 0;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    if (clean[i] == 0 || robust[i] == 0) continue;
    ++both;
    EXPECT_NEAR(robust[i], 0.5 - 0.5 * clean[i], 1e-12);
    EXPECT_NEAR(halfway[i], 0.25 + 0.25 * clean[i], 1e-12);
  }
  EXPECT_GT(both, clean.size() / 10);
}

INSTANTIATE_TEST_SUITE_P(Networks, EveryNetworksFirstMaps, testing::ValuesIn(networks_with_relu()),
                         [](const auto& network) {
                           std::string name = network.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(FirstMaps, AreWhatFollowsSiLUWhereANetworkHasThat) {
  const TwoMasks relu("dm-wrn-10-1-relu"), silu("dm-wrn-10-1");  // of the same weights
  const auto clamped = relu.maps(0), smooth = silu.maps(0);
  for (std::size_t i = 0; i < clamped.size(); ++i) {
    if (clamped[i] == 0) continue;
    EXPECT_NEAR(smooth[i], clamped[i] / (1 + std::exp(-clamped[i])), 1e-12);
  }
  EXPECT_LT(std::ranges::min(smooth), 0);
}

TEST(FirstMaps, SeeNormalizedImages) {
  const Model model(backend("cpu"), DType::f64,
                    {.name = "preact18", .width = 4, .mean = {.25, .5, .75}, .std = {.5, .5, .5}},
                    1);
  std::vector<double> mean_colour;
  for (int i = 0; i < 64; ++i) mean_colour.insert(mean_colour.end(), {.25, .5, .75});
  const Tensor image = make_tensor(model.machine(), {1, 8, 8, 3}, DType::f64, mean_colour);
  for (const double v : first_feature_maps(model, image, 0).to_doubles()) EXPECT_EQ(v, 0);
}

TEST(FirstMaps, AreOfTheSizeOfTheFirstConvolution) {
  const TwoMasks cifar("resnet18"), imagenet("resnet18-imagenet");
  EXPECT_EQ(first_feature_maps(cifar.model, cifar.images, 0).shape(), (Shape{2, 32, 32, 64}));
  EXPECT_EQ(first_feature_maps(imagenet.model, imagenet.images, 0).shape(), (Shape{2, 16, 16, 64}));
}

}  // namespace
}  // namespace robmask
