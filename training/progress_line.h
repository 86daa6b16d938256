#pragma once
// How far a long loop has come, in words that fit a terminal.

#include <optional>
#include <string>

#include "engine/shape.h"

namespace robmask {

/// Work finer than units, since its start: what is done, and what is left at most.
struct Effort {
  Index done = 0, most_left = 0;
};

/// What a progress line says.
struct ProgressState {
  std::string title, unit, extra;
  Index done = 0, total = 0;
  double seconds = 0;  // since the start
  Index before = 0;    // done before the start
  Effort effort = {};  // if any, it tells the time left
  double since = 0;    // seconds since this was so

  /// Seconds to the end, at most so many with effort; empty while nothing tells.
  std::optional<double> seconds_left() const;
};

/// "train 45% 4,500/10,000 images, 123.4 images/s, 0:36 so far, 0:45 left, loss 1.2"; with effort
/// "at most 0:45 left"
std::string progress_line(const ProgressState& state);
/// The same with a bar, green if `color`, in less than `columns` letters: what matters least is
/// left out first, the time left last.
std::string progress_bar(const ProgressState& state, Index columns, bool color);
/// "0:09", "12:34", "3:05:07"
std::string duration_text(double seconds);

}  // namespace robmask
