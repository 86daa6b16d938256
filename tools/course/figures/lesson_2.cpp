// Figures of docs/course/2-tape.md.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/course/figures/drawing.h"
#include "tools/course/figures/lessons.h"

namespace robmask::course {

namespace {

/// Two resistors in parallel, the lesson's example.
double resistance(double a, double b) { return a * b / (a + b); }

/// The errors of differences from one side and from both, in powers of ten.
void draw_differences(const Folder& to) {
  constexpr double a = 3, b = 6, truth = b * b / ((a + b) * (a + b));
  Drawing d(640, 380, "Errors of finite differences: large h is too coarse, small h is rounding");
  const Axes axes({80, 310}, 520, 250, {-12, 0}, {-12, 0});
  axes.draw(d, {-12, -10, -8, -6, -4, -2, 0}, "log₁₀ h", {-12, -10, -8, -6, -4, -2, 0},
            "log₁₀ of the error");
  std::vector<Point> one_side, both_sides;
  for (double power = -12; power <= -0.9; power += 0.1) {
    const double h = std::pow(10, power);
    const double one = (resistance(a + h, b) - resistance(a, b)) / h - truth;
    const double both = (resistance(a + h, b) - resistance(a - h, b)) / (2 * h) - truth;
    const auto at = [&](double error) {
      return axes.at(power, std::max(std::log10(std::abs(error) + 1e-300), -12.0));
    };
    one_side.push_back(at(one));
    both_sides.push_back(at(both));
  }
  d.curve(one_side, colour::orange);
  d.curve(both_sides, colour::blue);
  d.words(axes.at(-3.4, -3.6), "one side: h/2 · f″", Align::right, 14, colour::orange);
  d.words(axes.at(-3.0, -8.9), "both sides: h²/6 · f‴", Align::left, 14, colour::blue);
  d.words(axes.at(-11.6, -8.8), "rounding:\n10⁻¹⁶ / h", Align::left, 14);
  d.save(to / "differences.svg");
}

/// The steps of f = ab/(a + b) for a = 3, b = 6, with values above and gradients below.
void draw_tape(const Folder& to) {
  constexpr double a = 3, b = 6, p = a * b, s = a + b, f = p / s;
  constexpr double dp = 1 / s, ds = -p / (s * s);
  constexpr double width = 148, height = 66;
  Drawing d(680, 350, "p = ab, s = a + b, f = p/s: values go right, derivatives come back");
  const Point A{90, 100}, B{90, 230}, P{330, 100}, S{330, 230}, F{565, 165};
  const auto box = [&](Point at, std::string_view name, double value, double gradient,
                       std::string_view fill) {
    d.box({at.x - width / 2, at.y - height / 2}, width, height, fill);
    d.words({at.x, at.y - 14}, fmt::format("{} = {:g}", name, value), Align::middle, 15);
    d.words({at.x, at.y + 14}, fmt::format("d{} = {:.4f}", name.substr(0, 1), gradient),
            Align::middle, 15, colour::orange);
  };
  const auto join = [&](Point from, Point at) {
    d.arrow({from.x + width / 2, from.y}, {at.x - width / 2 - 3, at.y}, colour::blue);
  };
  join(A, {P.x, P.y - 12});
  join(A, {S.x, S.y - 12});
  join(B, {P.x, P.y + 12});
  join(B, {S.x, S.y + 12});
  join(P, {F.x, F.y - 12});
  join(S, {F.x, F.y + 12});
  box(A, "a", a, dp * b + ds, colour::white);
  box(B, "b", b, dp * a + ds, colour::white);
  box(P, "p = a · b", p, dp, colour::blue_tint);
  box(S, "s = a + b", s, ds, colour::blue_tint);
  box(F, "f = p / s", f, 1, colour::green_tint);
  d.arrow({60, 32}, {620, 32}, colour::blue);
  d.words({340, 18}, "values", Align::middle, 14, colour::blue);
  d.arrow({620, 300}, {60, 300}, colour::orange);
  d.words({340, 320}, "derivatives: da = dp · b + ds · 1, db = dp · a + ds · 1", Align::middle, 14,
          colour::orange);
  d.save(to / "tape.svg");
}

}  // namespace

void draw_lesson_2(const Folder& to) {
  draw_differences(to);
  draw_tape(to);
}

}  // namespace robmask::course
