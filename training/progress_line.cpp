#include "training/progress_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace robmask {

namespace {

/// 10000 → "10,000"
std::string grouped(Index n) {
  std::string digits = std::to_string(n);
  for (auto i = static_cast<Index>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<std::size_t>(i), ",");
  return digits;
}

double share(const ProgressState& s) {
  if (const auto all = static_cast<double>(s.effort.done + s.effort.most_left); all > 0)
    return (static_cast<double>(s.before) +
            static_cast<double>(s.total - s.before) * static_cast<double>(s.effort.done) / all) /
           static_cast<double>(s.total);
  return s.total > 0
             ? std::clamp(static_cast<double>(s.done) / static_cast<double>(s.total), 0., 1.)
             : 1;
}

/// Units a second until the last one was done.
double rate(const ProgressState& s) {
  const double seconds = s.seconds - s.since;
  return seconds > 0 ? static_cast<double>(s.done - s.before) / seconds : 0;
}

/// What goes first where room is short.
enum class Worth { elapsed, speed, bar, extra, count, title, percent, time_left };
/// A part of a progress line, with what parts it from the one before.
struct Piece {
  Worth worth;
  std::string text;
};

std::vector<Piece> pieces_of(const ProgressState& s, bool name_units) {
  using enum Worth;
  std::vector<Piece> pieces{{title, s.title},
                            {percent, fmt::format(" {:.0f}%", std::floor(100 * share(s)))},
                            {count, fmt::format(" {}/{}", grouped(s.done), grouped(s.total))}};
  if (name_units) pieces.back().text += fmt::format(" {}s", s.unit);
  if (const double r = rate(s); r > 0) {
    const int digits = r < 10 ? 2 : r < 1000 ? 1 : 0;
    pieces.push_back({speed, fmt::format(", {:.{}f} {}s/s", r, digits, s.unit)});
  }
  const bool over = s.done >= s.total;
  pieces.push_back(
      {elapsed, fmt::format(", {}{}", duration_text(s.seconds), over ? "" : " so far")});
  if (const auto left = s.seconds_left(); left && !over)
    pieces.push_back({time_left, fmt::format(", {}{} left", s.effort.done > 0 ? "at most " : "",
                                             duration_text(*left))});
  if (!s.extra.empty()) pieces.push_back({extra, ", " + s.extra});
  return pieces;
}

std::string joined(const std::vector<Piece>& pieces) {
  std::string line;
  for (const Piece& piece : pieces) line += piece.text;
  return line.substr(std::min(line.find_first_not_of(", "), line.size()));
}

bool begins_letter(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

/// Columns of UTF-8, a letter each.
Index columns_of(const std::string& text) { return std::ranges::count_if(text, begins_letter); }

std::string cut(const std::string& text, Index columns) {
  std::size_t end = 0;
  while (end < text.size() && (columns -= begins_letter(text[end])) >= 0) ++end;
  return text.substr(0, end);
}

}  // namespace

std::string duration_text(double seconds) {
  const auto s = static_cast<long long>(std::llround(std::clamp(seconds, 0., 1e9)));
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::optional<double> ProgressState::seconds_left() const {
  const bool finer = effort.done > 0;
  const auto n = static_cast<double>(finer ? effort.done : done - before);
  const auto left = static_cast<double>(finer ? effort.most_left : total - done);
  if (n <= 0) return {};
  // What is at work now ends in its usual time, or just now if that is over.
  return std::max({left * (seconds - since) / n - since, (left - 1) * seconds / (n + 1), 0.0});
}

std::string progress_line(const ProgressState& s) { return joined(pieces_of(s, true)); }

std::string progress_bar(const ProgressState& s, Index columns, bool color) {
  constexpr Index shortest = 8, longest = 24;
  const Index room = std::max(columns, Index{1}) - 1;
  std::vector<Piece> pieces = pieces_of(s, false);
  pieces.insert(pieces.begin() + 1, {Worth::bar, " " + std::string(shortest, '-')});
  while (pieces.size() > 1 && columns_of(joined(pieces)) > room)
    pieces.erase(std::ranges::min_element(pieces, {}, &Piece::worth));
  const Index free = room - columns_of(joined(pieces));
  if (const auto at = std::ranges::find(pieces, Worth::bar, &Piece::worth); at != pieces.end()) {
    const Index length = std::min(longest, shortest + free);
    const auto filled = static_cast<Index>(static_cast<double>(length) * share(s));
    const std::string drawn = std::string(filled, '#') + std::string(length - filled, '-');
    at->text = " " + (color ? "\x1b[32m" + drawn + "\x1b[0m" : drawn);
    return joined(pieces);
  }
  return cut(joined(pieces), room);
}

}  // namespace robmask
