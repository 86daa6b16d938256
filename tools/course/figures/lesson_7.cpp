// Figures of docs/course/7-robmask.md.

#include <fmt/format.h>

#include "tools/course/figures/drawing.h"
#include "tools/course/figures/lessons.h"
#include "tools/course/small_net.h"

namespace robmask::course {

namespace {

/// 2N images through one convolution and two masks.
void draw_segments(const Folder& to) {
  Drawing d(740, 300, "A batch of 2N images: one set of convolutions, a mask for each half");
  const auto half = [&](double y, std::string_view fill, std::string_view line,
                        std::string_view images, std::string_view code, std::string_view learns) {
    d.box({30, y}, 130, 70, fill, line);
    d.words({95, y + 27}, images);
    d.arrow({160, y + 35}, {208, y + 35});
    d.arrow({318, y + 35}, {366, y + 35});
    d.box({368, y}, 150, 70, fill, line);
    d.words({443, y + 27}, code);
    d.arrow({518, y + 35}, {560, y + 35});
    d.words({568, y + (learns.find('\n') != learns.npos ? 27 : 35)}, learns, Align::left);
  };
  d.words({95, 30}, "the batch", Align::middle, 14, colour::ink, true);
  d.words({263, 30}, "convolution", Align::middle, 14, colour::ink, true);
  d.words({443, 30}, "its mask", Align::middle, 14, colour::ink, true);
  d.words({620, 30}, "what learns", Align::middle, 14, colour::ink, true);
  half(60, colour::blue_tint, colour::blue, "N clean\nimages", "u = (1, 0)\nown μ and σ",
       "w₀ and θ");
  half(160, colour::orange_tint, colour::orange, "the same N,\nattacked at p·ε",
       "u = (1 − p, p)\nown μ and σ", "w₀ by 1 − p,\nw₁ by p, and θ");
  d.box({210, 60}, 108, 170, colour::white);
  d.words({264, 136}, "θ\none for all");
  d.words({95, 262}, "segment 1 above,\nsegment 2 below", Align::middle, 13);
  d.save(to / "segments.svg");
}

/// Accuracies of one RobMask network through its masks.
void draw_tradeoff(const Folder& to) {
  TrainSettings settings{.method = Method::robmask, .epochs = 20, .batch = 20, .lr = 0.2};
  settings.bn_stats = BnStats::split;
  settings.attack.steps = 4;
  settings.attack.step_size = Strength{3.0 / 255, "3/255"};
  const Dataset data = load_dataset("synthetic", {.limit_train = 400, .limit_test = 200});
  const Images train(backend("cpu"), data.train), test(backend("cpu"), data.test);
  const auto model = new_small_net(settings, 16, data);
  train_small_net(*model, settings, train);

  Drawing d(660, 340, "Clean accuracy falls and robust accuracy rises with the mask p");
  const Axes axes({60, 270}, 420, 210, {0, 1}, {0, 100});
  axes.draw(d, {0, 0.25, 0.5, 0.75, 1}, "mask p", {0, 25, 50, 75, 100}, "right, %");
  const auto curve = [&](double eps, std::string_view line, double y, std::string_view name) {
    std::vector<Point> points;
    for (int i = 0; i <= 20; ++i) {
      const double p = i / 20.0;
      points.push_back(axes.at(p, percent_robust(model->at(p), test, eps / 255)));
    }
    d.curve(points, line);
    d.line({500, y}, {524, y}, line, 2);
    d.words({532, y}, name, Align::left);
  };
  curve(0, colour::blue, 90, "clean");
  curve(4, colour::violet, 116, "PGD-10 at 4/255");
  curve(8, colour::orange, 142, "PGD-10 at 8/255");
  d.save(to / "tradeoff.svg");
}

}  // namespace

void draw_lesson_7(const Folder& to) {
  draw_segments(to);
  draw_tradeoff(to);
}

}  // namespace robmask::course
