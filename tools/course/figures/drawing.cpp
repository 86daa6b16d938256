#include "tools/course/figures/drawing.h"

#include <cmath>

#include "data/files/atomic_file.h"

namespace robmask::course {

namespace {

/// & and < mean something in SVG.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : std::string(1, c);
  return out;
}

std::string_view anchor(Align align) {
  return align == Align::left ? "start" : align == Align::right ? "end" : "middle";
}

}  // namespace

Drawing::Drawing(double width, double height, std::string_view title)
    : width_(width), height_(height), title_(title) {}

void Drawing::box(Point corner, double width, double height, std::string_view fill,
                  std::string_view line) {
  body_ += fmt::format(
      R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}" stroke="{}"/>)"
      "\n",
      corner.x, corner.y, width, height, fill, line);
}

void Drawing::line(Point from, Point to, std::string_view line, double width, bool dashed) {
  body_ += fmt::format(
      R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{}"{}/>)"
      "\n",
      from.x, from.y, to.x, to.y, line, width, dashed ? R"( stroke-dasharray="5 4")" : "");
}

void Drawing::arrow(Point from, Point to, std::string_view line) {
  const double length = std::hypot(to.x - from.x, to.y - from.y);
  const double dx = (to.x - from.x) / length, dy = (to.y - from.y) / length;
  const auto behind = [&](double back, double aside) {
    return Point{to.x - back * dx - aside * dy, to.y - back * dy + aside * dx};
  };
  const Point left = behind(9, 4), right = behind(9, -4);
  this->line(from, behind(8, 0), line, 1.4);
  body_ += fmt::format(R"(<polygon points="{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}" fill="{}"/>)",
                       to.x, to.y, left.x, left.y, right.x, right.y, line) +
           "\n";
}

void Drawing::curve(const std::vector<Point>& points, std::string_view line) {
  std::string places;
  for (const Point& p : points) places += fmt::format("{:.1f},{:.1f} ", p.x, p.y);
  if (!places.empty()) places.pop_back();
  body_ += fmt::format(R"(<polyline points="{}" fill="none" stroke="{}" stroke-width="2"/>)"
                       "\n",
                       places, line);
}

void Drawing::dot(Point centre, double radius, std::string_view fill) {
  body_ += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="{}" fill="{}"/>)"
                       "\n",
                       centre.x, centre.y, radius, fill);
}

void Drawing::words(Point at, std::string_view text, Align align, double size,
                    std::string_view fill, bool bold) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    body_ += fmt::format(
        R"(<text x="{:.1f}" y="{:.1f}" font-size="{}" text-anchor="{}" fill="{}"{}>{}</text>)"
        "\n",
        at.x, at.y + 0.35 * size, size, anchor(align), fill, bold ? R"( font-weight="bold")" : "",
        escaped(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    at.y += 1.3 * size;
  }
}

void Drawing::save(const std::filesystem::path& file) const {
  write_file(
      file,
      fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" )"
                  R"(height="{1}" role="img" font-family="sans-serif">
<title>{2}</title>
<rect width="{0}" height="{1}" rx="6" fill="{3}"/>
{4}</svg>
)",
                  width_, height_, escaped(title_), colour::white, body_));
}

Point Axes::at(double x, double y) const {
  return {origin_.x + width_ * (x - x_.from) / (x_.to - x_.from),
          origin_.y - height_ * (y - y_.from) / (y_.to - y_.from)};
}

void Axes::draw(Drawing& on, const std::vector<double>& xs, std::string_view x_name,
                const std::vector<double>& ys, std::string_view y_name) const {
  for (const double x : xs) {
    on.line(at(x, y_.from), at(x, y_.to), colour::pale, 0.8);
    on.words({at(x, 0).x, origin_.y + 14}, fmt::format("{:g}", x), Align::middle, 12);
  }
  for (const double y : ys) {
    on.line(at(x_.from, y), at(x_.to, y), colour::pale, 0.8);
    on.words({origin_.x - 8, at(0, y).y}, fmt::format("{:g}", y), Align::right, 12);
  }
  on.line(origin_, {origin_.x + width_, origin_.y});
  on.line(origin_, {origin_.x, origin_.y - height_});
  on.words({origin_.x + width_ / 2, origin_.y + 34}, x_name, Align::middle, 13);
  on.words({origin_.x, origin_.y - height_ - 14}, y_name, Align::left, 13);
}

}  // namespace robmask::course
