// train FOLDER: a network of one's own on one's own arrays, trained by RobMask into a run directory.

#include <iostream>

#include <robmask/robmask.h>

using namespace robmask;

class SmallNet {
 public:
  SmallNet(const Scope& s, Index width, Index classes)
      : conv1_(s / "conv1", 3, width, {.kernel = 3, .stride = 1, .pad = 1}),
        bn1_(s / "bn1", width),
        conv2_(s / "conv2", width, 2 * width, {.kernel = 3, .stride = 2, .pad = 1}),
        bn2_(s / "bn2", 2 * width),
        linear_(s / "linear", 2 * width, classes) {}

  Variable operator()(const Variable& x, const Context& c) const {
    return linear_(global_average(bn2_(conv2_, bn1_(conv1_, x, c), c)));
  }

 private:
  Conv2d conv1_;
  MaskedNorm bn1_;
  Conv2d conv2_;
  MaskedNorm bn2_;
  Linear linear_;
};

/// Noise, redder in the first class, bluer in the second. Bytes, R G B.
Split red_and_blue(Index images) {
  Split split;
  split.height = split.width = 16;
  for (Index i = 0; i < images; ++i) {
    split.labels.push_back(static_cast<std::int32_t>(i % 2));
    for (Index byte = 0; byte < split.image_bytes(); ++byte)
      split.pixels.push_back(std::rand() % 100 + (byte % 3 == 2 * (i % 2) ? 90 : 60));
  }
  return split;
}

int main(int, char** words) {
  define_network<SmallNet>("small");
  Backend& cpu = backend("cpu");
  const Images train(cpu, red_and_blue(400)), test(cpu, red_and_blue(100));
  const TrainSettings settings{.method = Method::robmask, .epochs = 4, .batch = 50};
  const CheckpointInfo info{
      .spec = {.name = "small", .width = 8, .classes = 2, .masks = 2, .mean = {.5, .5, .5}},
      .method = "robmask",
      .class_names = {"red", "blue"},
      .image_size = 16};
  const Model model(cpu, DType::f32, info.spec, settings.seed);
  const auto recipe = [&] { return make_recipe(settings, model); };
  Sgd sgd(model.parameters(), settings.momentum, settings.weight_decay);
  const EpochSummary last =
      Trainer(settings, {model, recipe, sgd}, {train, test}, {info, words[1]}).run();
  std::cout << fmt::format("accuracy {:.2f} at mask 0, {:.2f} at mask 1\n", *last.test_acc,
                           *last.test_acc_mask_max);
}
