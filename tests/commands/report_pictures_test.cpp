// The pictures on report's page: each image beside its own attack, feature maps, thumbnails.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "attacks/evaluate.h"
#include "data/decode.h"
#include "engine/backend.h"
#include "tests/files/scratch.h"
#include "tools/robmask/report/feature_maps.h"
#include "tools/robmask/report/samples.h"
#include "tools/robmask/report/thumbnail.h"

namespace robmask {
namespace {

/// A network of two masks that both follow the image, and images of which it gets all but one right
/// at p = 0.
class Samples : public testing::Test {
 protected:
  static constexpr Index count = 8;

  Samples() {
    for (const Entry& e : model_.entries()) {
      if (e.role != Role::mask_weight) continue;
      model_.machine().fill(e.variable.value().images(0, 1), 2);
      model_.machine().fill(e.variable.value().images(1, 1), 1.5);
    }
    Split split = load_dataset("synthetic", {.limit_test = count}).test;
    const Images unlabelled(model_.machine(), split);
    const Verdicts as_they_are =
        clean_verdicts(model_.at(0), unlabelled.labelled(DType::f32), count);
    for (const Verdict& v : as_they_are)
      split.labels[v.image] = static_cast<std::int32_t>(v.prediction);
    split.labels[2] = (split.labels[2] + 1) % 10;
    images_ = std::make_unique<Images>(model_.machine(), split);
  }

  /// The bytes of a picture in the page, by a decoder of their own.
  std::vector<std::uint8_t> pixels_of(const Json& uri) const {
    const std::string letters = uri.get<std::string>().substr(std::string(head).size());
    std::string bytes;
    for (unsigned bits = 0, have = 0; const char letter : letters.substr(0, letters.find('='))) {
      const bool lower = letter >= 'a' && letter <= 'z', upper = letter >= 'A' && letter <= 'Z';
      const int digit = upper           ? letter - 'A'
                        : lower         ? letter - 'a' + 26
                        : letter == '+' ? 62
                        : letter == '/' ? 63
                                        : letter - '0' + 52;
      bits = bits << 6 | static_cast<unsigned>(digit);
      if ((have += 6) >= 8) bytes += static_cast<char>(bits >> (have -= 8) & 255);
    }
    test::put(folder_ / "picture.png", bytes);
    return decode_image(folder_ / "picture.png").pixels;
  }
  static int farthest(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
    int most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
    return most;
  }
  static Index class_of(const Tensor& logits) { return predictions(logits, {0}, {}).at(0); }
  static std::vector<std::uint8_t> bytes_of(const Tensor& image) {
    std::vector<std::uint8_t> bytes;
    for (const double v : image.to_doubles())
      bytes.push_back(static_cast<std::uint8_t>(std::lround(255 * v)));
    return bytes;
  }

  static constexpr const char* head = "data:image/png;base64,";
  const Model model_{backend("cpu"), DType::f32, {.name = "resnet18", .width = 4, .masks = 2}, 3};
  std::unique_ptr<Images> images_;
  test::ScratchFolder folder_;
};

TEST_F(Samples, ShowEachImageBesideItsOwnOriginalWithItsOwnVerdict) {
  const double eps = 4.0 / 255;
  const AttackPlan plan{.attack = AttackName::pgd, .eps = eps, .step_size = eps / 2, .steps = 4};
  const Json samples = sample_json(model_, *images_, plan, {0, 1}, count, count, 0);
  Index robust = 0, broken = 0, wrong = 0;
  for (const Json& mask : samples["masks"]) {
    const double p = mask["p"];
    for (std::int32_t id = 0; id < count; ++id) {
      SCOPED_TRACE(fmt::format("image {} at p = {}", id, p));
      const Json &seen = mask["images"][id], &attacked = seen["attacked"];
      const std::vector<std::int32_t> alone{id};  // no other image can take its place
      const auto before = bytes_of(images_->batch(DType::f32, alone).images);
      const Tensor x = images_->batch(DType::f32, alone).images;
      const Index label = images_->split().labels[id],
                  clean = class_of(model_.at(p)(Variable(x)).value());
      EXPECT_EQ(samples["images"][id]["label"], label);
      EXPECT_EQ(pixels_of(samples["images"][id]["picture"]), before);
      EXPECT_EQ(seen["clean"][0][0], clean);
      EXPECT_EQ(attacked.is_null(), clean != label);
      if (clean != label) {
        ++wrong;
        continue;
      }
      Verdicts verdicts(count);  // of this image alone
      verdicts[id] = {.image = id, .clean = true, .robust = true};
      Variable x_adv;
      attack(verdicts, {.plan = plan, .attacked = model_.at(p)}, images_->labelled(DType::f32),
             {.finish = [&](Index, const auto&, const Tensor& point) { x_adv = Variable(point); }});
      const Verdict& verdict = verdicts[id];
      const auto shown = pixels_of(attacked["picture"]);
      EXPECT_EQ(shown, bytes_of(x_adv.value()));
      EXPECT_LE(farthest(shown, before), 4);  // ε in bytes
      EXPECT_EQ(attacked["likely"][0][0], class_of(model_.at(p)(x_adv).value()));
      EXPECT_EQ(attacked["likely"][0][0] == label, verdict.robust);
      (verdict.robust ? robust : broken) += 1;
    }
  }
  EXPECT_GT(robust, 1);
  EXPECT_GT(broken, 1);
  EXPECT_GT(wrong, 0);
}

TEST(Maps, SayWhatBecameOfEachSinceTheFirstMask) {
  Backend& machine = backend("cpu");
  ModelSpec spec;
  spec.width = 4;
  spec.masks = 2;
  const Model model(machine, DType::f32, spec, 3);
  for (const Entry& e : model.entries())
    if (e.role == Role::mask_weight) machine.fill(e.variable.value().images(1, 1), 2);
  const Tensor image(machine, {1, 32, 32, 3}, DType::f32);
  machine.fill(image, 0.75);
  const std::vector<Json> masks = map_json(model, image, {0, 0.25, 1});
  Index seen = 0;
  for (std::size_t c = 0; c < 4; ++c) {
    const bool black = masks[0]["means"][c] == 0;
    EXPECT_EQ(masks[0]["fates"][c], black ? "dead" : "");
    EXPECT_EQ(masks[1]["fates"][c], black ? "dead" : "");
    EXPECT_EQ(masks[2]["fates"][c], black ? "dead" : "magnified");
    seen += !black;
  }
  EXPECT_GT(seen, 0);
  EXPECT_LT(seen, 4);
}

TEST(Thumbnail, WritesBytesAsLettersOfRfc4648) {
  const auto coded = [](std::string_view text) { return base64(std::as_bytes(std::span(text))); };
  EXPECT_EQ(coded(""), "");
  EXPECT_EQ(coded("f"), "Zg==");
  EXPECT_EQ(coded("fo"), "Zm8=");
  EXPECT_EQ(coded("foobar"), "Zm9vYmFy");
  EXPECT_EQ(coded("\xff\xfe\xfd"), "//79");
}

TEST(Thumbnail, ShrinksLargeImagesAndRepeatsGrey) {
  const std::vector<double> grey(128 * 64, 0.5);
  const Picture small = thumbnail(grey, 128, 64, 32);
  EXPECT_EQ(small.height, 32);
  EXPECT_EQ(small.width, 16);
  EXPECT_EQ(small.rgb, std::vector<std::uint8_t>(32 * 16 * 3, 128));
  EXPECT_EQ(thumbnail(std::vector{2.0, -1.0, 0.0}, 1, 1).rgb,
            (std::vector<std::uint8_t>{255, 0, 0}));
}

}  // namespace
}  // namespace robmask
