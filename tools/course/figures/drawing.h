#pragma once
// Drawings of the course, as SVG: boxes, lines, words and curves on a white card, so that they read
// the same on light and dark pages.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace robmask::course {

/// In pixels of the drawing, from the upper left corner.
struct Point {
  double x, y;
};

namespace colour {
inline constexpr std::string_view ink = "#1f2933", pale = "#cbd2d9", blue = "#2f6fb3",
                                  orange = "#d9722c", green = "#3d8f5f", violet = "#8256a8",
                                  blue_tint = "#d6e6f5", orange_tint = "#fae3d2",
                                  green_tint = "#dbefe3", violet_tint = "#e9def2",
                                  white = "#ffffff";
}  // namespace colour

enum class Align { left, middle, right };

class Drawing {
 public:
  /// `title` is what a reader who sees no pictures is told.
  Drawing(double width, double height, std::string_view title);

  void box(Point corner, double width, double height, std::string_view fill = colour::white,
           std::string_view line = colour::ink);
  void line(Point from, Point to, std::string_view line = colour::ink, double width = 1.2,
            bool dashed = false);
  void arrow(Point from, Point to, std::string_view line = colour::ink);
  void curve(const std::vector<Point>& points, std::string_view line = colour::blue);
  void dot(Point centre, double radius = 4, std::string_view fill = colour::ink);
  /// `at` is the middle of the first line's height; a line ends at \n.
  void words(Point at, std::string_view text, Align align = Align::middle, double size = 14,
             std::string_view fill = colour::ink, bool bold = false);

  void save(const std::filesystem::path& file) const;

 private:
  std::string body_;
  double width_, height_;
  std::string title_;
};

/// A plot's axes: maps numbers to points of a drawing, and draws itself with ticks at `xs` and `ys`.
class Axes {
 public:
  struct Range {
    double from, to;
  };
  /// The lower left corner of the plot, its size, and what the axes show.
  Axes(Point origin, double width, double height, Range x, Range y)
      : origin_(origin), width_(width), height_(height), x_(x), y_(y) {}

  Point at(double x, double y) const;
  void draw(Drawing& on, const std::vector<double>& xs, std::string_view x_name,
            const std::vector<double>& ys, std::string_view y_name) const;

 private:
  Point origin_;
  double width_, height_;
  Range x_, y_;
};

}  // namespace robmask::course
