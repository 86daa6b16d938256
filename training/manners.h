#pragma once
// How a run behaves towards its user: progress and logs on standard error, signals that end it
// after a checkpoint.

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include "engine/shape.h"

namespace robmask {

/// With --quiet: no progress and no logs; warnings are still shown.
void set_quiet(bool quiet);

/// A line on standard error.
void log_line(const std::string& line);
template <class... Args>
void log(fmt::format_string<Args...> text, Args&&... args) {
  log_line(fmt::format(text, std::forward<Args>(args)...));
}
/// "robmask: warning: …" on standard error.
void warn(const std::string& line);

/// Work finer than units, since its start: what is done, and what is left at most.
struct Effort {
  Index done = 0, most_left = 0;
};

/// Progress of a long loop on standard error: on a terminal a bar with rate and time left, redrawn
/// in place; elsewhere, and on a dumb terminal, a plain line every few seconds. Only one at a time.
class Progress {
 public:
  /// `total` units of work; `unit` in the singular: "image". `before` of them were done by an earlier
  /// run and count in no rate.
  Progress(std::string title, Index total, std::string unit, Index before = 0);
  /// Calls finish().
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` units so far, `extra` is shown at the end, `effort` if it says more than units do. Cheap:
  /// shows something only now and then.
  void update(Index done, const std::string& extra = {}, const Effort& effort = {});
  /// Shows the last state and ends the line.
  void finish();

 private:
  void show();

  using Clock = std::chrono::steady_clock;
  std::string title_, unit_, extra_;
  Effort effort_;
  Index total_, before_, done_ = 0;
  Clock::time_point start_, shown_;
  bool unseen_ = false, finished_ = false;  // unseen_: done_ has moved since it was shown
};

/// What a progress line says.
struct ProgressState {
  std::string title, unit, extra;
  Index done = 0, total = 0;
  double seconds = 0;  // since the start
  Index before = 0;    // done before the start
  Effort effort = {};  // if any, it tells the time left
};
/// "train 45% 4,500/10,000 images, 123.4 images/s, 0:45 left, loss 1.2"; with effort "at most 0:45 left"
std::string progress_line(const ProgressState& state);
/// The same with a bar, cut to `columns` letters, green if `color`.
std::string progress_bar(const ProgressState& state, Index columns, bool color);
/// "0:09", "12:34", "3:05:07"
std::string duration_text(double seconds);

/// From now on SIGINT and SIGTERM are only noted, the second one kills at once; SIGPIPE and SIGXFSZ
/// are ignored, so that writing fails with an error instead.
void install_signal_handlers();
/// The signal that asks this program to stop, or 0.
int interrupted();
/// Thrown to leave a loop that was interrupted; ends the program with 128 + signal: 130 or 143.
struct Interrupted : std::exception {
  explicit Interrupted(int number) : signal(number) {}
  const char* what() const noexcept override { return "interrupted"; }
  int signal;
};
/// Throws Interrupted if there was a signal.
void stop_if_interrupted();

}  // namespace robmask
