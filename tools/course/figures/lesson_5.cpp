// Figures of docs/course/5-training.md.

#include "tools/course/figures/drawing.h"
#include "tools/course/figures/lessons.h"
#include "tools/course/small_net.h"
#include "training/accuracy.h"

namespace robmask::course {

namespace {

/// Accuracies in per cent after each epoch: of the images trained on, and of others.
struct Curves {
  std::vector<double> train, test;
};

constexpr Index images = 50, epochs = 100;

Curves learn(bool random_labels) {
  Dataset data = load_dataset("synthetic", {.limit_train = images, .limit_test = 200});
  for (std::uint32_t i = 0; random_labels && i < images; ++i) {
    const Stream dice{.seed = 5, .purpose = Purpose::sample, .image = i};
    data.train.labels[i] = static_cast<std::int32_t>(random_below(dice, 0, 10));
  }
  const TrainSettings settings{.epochs = epochs, .batch = 10, .lr = 0.1};
  const auto model = new_small_net(settings, 16, data);
  const Images train(backend("cpu"), data.train), test(backend("cpu"), data.test);
  const auto right = [&](const Images& of) {
    return 100 * accuracy(*model, 0, of, 100, [](Index) {});
  };
  Curves curves;
  train_small_net(*model, settings, train, [&](Index) {
    curves.train.push_back(right(train));
    curves.test.push_back(right(test));
  });
  return curves;
}

void panel(Drawing& d, Point origin, std::string_view title, const Curves& curves) {
  const Axes axes(origin, 270, 180, {0, epochs}, {0, 100});
  axes.draw(d, {0, 25, 50, 75, 100}, "epoch", {0, 10, 50, 100}, "right, %");
  const auto points = [&](const std::vector<double>& y) {
    std::vector<Point> places;
    for (std::size_t e = 0; e < y.size(); ++e)
      places.push_back(axes.at(static_cast<double>(e + 1), y[e]));
    return places;
  };
  d.curve(points(curves.test), colour::orange);
  d.curve(points(curves.train), colour::blue);
  d.words({origin.x + 135, origin.y - 204}, title, Align::middle, 15, colour::ink, true);
}

}  // namespace

/// Fifty images with their own labels, and with labels drawn at random.
void draw_lesson_5(const Folder& to) {
  Drawing d(760, 320, "Accuracy by epoch on 50 training images and on others");
  panel(d, {70, 240}, "true labels", learn(false));
  panel(d, {450, 240}, "random labels", learn(true));
  d.line({250, 305}, {280, 305}, colour::blue, 2);
  d.words({288, 305}, "images trained on", Align::left);
  d.line({440, 305}, {470, 305}, colour::orange, 2);
  d.words({478, 305}, "other images", Align::left);
  d.save(to / "overfitting.svg");
}

}  // namespace robmask::course
