// Figures of docs/course/6-attacks.md.

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "attacks/losses.h"
#include "attacks/pgd.h"
#include "engine/tape.h"
#include "tools/course/figures/drawing.h"
#include "tools/course/figures/lessons.h"
#include "tools/course/small_net.h"
#include "training/recipes.h"

namespace robmask::course {

namespace {

TrainSettings settings_of(Method method) {
  TrainSettings s{.method = method, .epochs = 20, .batch = 20, .lr = 0.2};
  s.attack.steps = 4;
  s.attack.step_size = Strength{3.0 / 255, "3/255"};
  return s;
}

std::unique_ptr<Model> trained(Method method, const Dataset& data) {
  auto model = new_small_net(settings_of(method), 8, data);
  train_small_net(*model, settings_of(method), Images(backend("cpu"), data.train));
  return model;
}

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}
Vector minus(const Vector& a, const Vector& b) {
  Vector c(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) c[i] = a[i] - b[i];
  return c;
}
Vector scaled(const Vector& a, double factor) {
  Vector c = a;
  for (double& v : c) v *= factor;
  return c;
}
Vector unit(const Vector& a) { return scaled(a, 1 / std::sqrt(dot(a, a))); }

/// An image, and a plane through it: x + s·right + t·up.
struct Plane {
  Vector x, right, up;

  Vector at(double s, double t) const {
    Vector p = x;
    for (std::size_t i = 0; i < p.size(); ++i) p[i] += s * right[i] + t * up[i];
    return p;
  }
  Point place_of(const Vector& p) const {
    const Vector d = minus(p, x);
    return {dot(d, right), dot(d, up)};
  }
};

/// The points of an L2 attack, from a start on the edge of the ball.
std::vector<Vector> attack(const Model& model, const Batch& batch, double eps, Index steps) {
  const Tensor x_adv = repeated(batch.images, 1);
  const Ball ball = make_ball(model.machine(), model.dtype(), Norm::l2, {eps}, {eps / 5});
  const Stream stream{.seed = 3, .purpose = Purpose::probe};
  const Tensor ids = make_tensor(model.machine(), {1, 1, 1, 1}, std::vector<std::int32_t>{0});
  model.machine().start_uniform(x_adv, batch.images, ball.eps, Norm::l2, stream, {}, ids);
  std::vector<Vector> points{x_adv.to_doubles()};
  for (Index i = 0; i < steps; ++i) {
    pgd(x_adv, batch.images, ball, 1,
        [&](const Variable& images) { return cross_entropy(model.at(0)(images), batch.labels); });
    points.push_back(x_adv.to_doubles());
  }
  return points;
}

/// By how much the label's logit leads, at each of some points.
Vector leads(const Model& model, const Shape& image, Index label,
             const std::vector<Vector>& points) {
  Vector values;
  for (const Vector& p : points) values.insert(values.end(), p.begin(), p.end());
  const Shape shape = image.with_images(std::ssize(points));
  const Tensor x = make_tensor(model.machine(), shape, model.dtype(), values);
  const Vector z = model.at(0)(Variable(x)).value().to_doubles();
  const auto classes = static_cast<std::size_t>(model.spec().classes);
  Vector result, unused(classes);
  for (std::size_t i = 0; i < points.size(); ++i)
    result.push_back(-margin(Logits(z).subspan(i * classes, classes), label, -1, unused));
  return result;
}

/// The path of PGD in L2 in the plane of the image, its start and its end.
void draw_path(const Model& model, const Images& test, const Folder& to) {
  constexpr double eps = 0.5, span = 0.75, left = 40, top = 30, side = 400;
  constexpr int cells = 160;
  const Batch batch = test.batch(model.dtype(), std::vector<std::int32_t>{4});
  const Index label = batch.labels.to_host<std::int32_t>()[0];
  const std::vector<Vector> path = attack(model, batch, eps, 10);
  Plane plane{batch.images.to_doubles(), {}, {}};
  plane.right = unit(minus(path.back(), plane.x));
  const Vector start = minus(path[0], plane.x);
  plane.up = unit(minus(start, scaled(plane.right, dot(start, plane.right))));

  const auto on_page = [&](Point p) {
    return Point{left + side * (0.5 + p.x / (2 * span)), top + side * (0.5 - p.y / (2 * span))};
  };
  Drawing d(660, 460, "PGD's path from a random start to where the network is wrong");
  constexpr double cell = side / cells;
  for (int row = 0; row < cells; ++row) {
    std::vector<Vector> points;
    for (int column = 0; column < cells; ++column)
      points.push_back(
          plane.at(span * (2 * (column + 0.5) / cells - 1), span * (1 - 2 * (row + 0.5) / cells)));
    const Vector lead = leads(model, batch.images.shape(), label, points);
    for (int first = 0, column = 1; column <= cells; ++column) {  // cells of one colour in one box
      const auto fill = [&](int i) {
        return lead[i] < 0 ? colour::orange_tint : lead[i] < 2 ? colour::white : colour::green_tint;
      };
      if (column < cells && fill(column) == fill(first)) continue;
      d.box({left + first * cell, top + row * cell}, (column - first) * cell, cell, fill(first),
            fill(first));
      first = column;
    }
  }
  std::vector<Point> circle, way;
  for (int i = 0; i <= 120; ++i) {
    const double turn = 2 * 3.14159265358979 * i / 120;
    circle.push_back(on_page({eps * std::cos(turn), eps * std::sin(turn)}));
  }
  for (const Vector& p : path) way.push_back(on_page(plane.place_of(p)));
  d.curve(circle, colour::ink);
  d.curve(way, colour::blue);
  for (const Point& p : way) d.dot(p, 3.5, colour::blue);
  d.dot(on_page({0, 0}), 5);
  const Point centre = on_page({0, 0});
  d.words({centre.x - 12, centre.y + 16}, "x");
  d.words({way[0].x, way[0].y - 14}, "random start");
  const double key = left + side + 24;
  const auto explain = [&](double y, std::string_view fill, std::string_view text) {
    d.box({key, y}, 18, 18, fill, colour::pale);
    d.words({key + 26, y + 9}, text, Align::left, 13);
  };
  explain(60, colour::green_tint, "right, and sure");
  explain(88, colour::white, "right by a little");
  explain(116, colour::orange_tint, "wrong");
  d.words({key, 170}, "circle: the ball of\nradius 0.5 in L2", Align::left, 13);
  d.words({key, 220}, "dots: the steps, seen\nfrom above the plane", Align::left, 13);
  d.save(to / "pgd-path.svg");
}

/// Accuracy under PGD against ε, of both networks.
void draw_accuracies(const Model& standard, const Model& adversarial, const Images& test,
                     const Folder& to) {
  Drawing d(660, 340, "Robust accuracy by eps: standard training falls at once, adversarial holds");
  const Axes axes({60, 270}, 420, 210, {0, 24}, {0, 100});
  axes.draw(d, {0, 2, 4, 8, 12, 16, 20, 24}, "ε in 255ths (L∞)", {0, 25, 50, 75, 100},
            "right under PGD-10, %");
  const auto curve = [&](const Model& model, std::string_view line) {
    std::vector<Point> points;
    for (const double eps :
         {0., 0.5, 1., 1.5, 2., 2.5, 3., 4., 6., 8., 10., 12., 14., 16., 18., 20., 22., 24.})
      points.push_back(axes.at(eps, percent_robust(model.at(0), test, eps / 255)));
    d.curve(points, line);
  };
  curve(standard, colour::orange);
  curve(adversarial, colour::blue);
  d.line({500, 100}, {524, 100}, colour::orange, 2);
  d.words({532, 100}, "standard", Align::left);
  d.line({500, 126}, {524, 126}, colour::blue, 2);
  d.words({532, 126}, "adversarial,\ntrained at 8", Align::left);
  d.save(to / "accuracy-by-eps.svg");
}

}  // namespace

void draw_lesson_6(const Folder& to) {
  const Dataset data = load_dataset("synthetic", {.limit_train = 400, .limit_test = 200});
  const Images test(backend("cpu"), data.test);
  const auto standard = trained(Method::standard, data), adversarial = trained(Method::pgd, data);
  draw_path(*standard, test, to);
  draw_accuracies(*standard, *adversarial, test, to);
}

}  // namespace robmask::course
