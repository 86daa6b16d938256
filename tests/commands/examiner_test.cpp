// The second look at what an attack hands out.

#include "tools/robmask/examiner.h"

#include <gtest/gtest.h>

namespace robmask {
namespace {

Split two_images(std::int32_t label) {
  DataOptions options;
  options.test = false;
  options.limit_train = 2;
  Split split = load_dataset("synthetic", options).train;
  split.labels = {label, label};
  return split;
}

TEST(Examiner, CountsAsBrokenOnlyWhatIsMisclassifiedAndInTheBall) {
  Backend& cpu = backend("cpu");
  const Model model(cpu, DType::f32, {.name = "resnet18", .width = 4}, 1);
  const std::vector<std::int32_t> ids{0, 1};
  const Tensor x = Images(cpu, two_images(0)).batch(DType::f32, ids).images;
  const Tensor logits = model.logits(Variable(x), model.eval(2, 0)).value();
  // The images are handed out as they are, but for a pixel of the second; no class is the label.
  const std::vector<Index> classes = classes_of(logits, ids, two_images(0));
  std::int32_t label = 0;
  while (std::ranges::count(classes, label) > 0) ++label;
  const Images images(cpu, two_images(label));
  std::vector<double> moved = x.to_doubles();
  double& pixel = moved[moved.size() / 2];
  pixel += pixel < 0.5 ? 0.02 : -0.02;

  Examiner examiner(model, images, 0, {.attack = AttackName::pgd, .eps = 0.01}, false, nullptr);
  const Tensor x_adv = make_tensor(cpu, x.shape(), DType::f32, moved);
  for (const std::int32_t id : ids) examiner.handed_out()[id] = x_adv.images(id, 1);
  const auto found = examiner.conclude({{0, {.image = 0, .broken_by = AttackName::pgd}},
                                        {1, {.image = 1, .broken_by = AttackName::pgd}}});
  EXPECT_FALSE(found.at(0).verdict.robust);
  EXPECT_TRUE(found.at(1).verdict.robust);
  EXPECT_NEAR(found.at(1).verdict.perturbation, 0.02, 1e-6);
}

}  // namespace
}  // namespace robmask
