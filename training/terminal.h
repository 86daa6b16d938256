#pragma once
// How a run behaves towards its user: progress and logs on standard error, signals that end it
// after a checkpoint.

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <string>
#include <thread>
#include <utility>

#include "engine/check.h"
#include "training/progress_line.h"

namespace robmask {

/// With --quiet: no progress and no logs; warnings are still shown.
void set_quiet(bool quiet);
/// No warnings either: another process speaks for this one.
void set_silent(bool silent);

/// How messages are worded: as they come, or as this makes them. The library names its arguments in
/// backticks; a command line has flags for them.
void set_wording(std::string (*wording)(const std::string& message));

/// A line on standard error, and one line only: one_line().
void log_line(const std::string& line);
template <class... Args>
void log(fmt::format_string<Args...> text, Args&&... args) {
  log_line(fmt::format(text, std::forward<Args>(args)...));
}
/// "robmask: warning: …" likewise.
void warn(const std::string& line);

/// Progress of a long loop on standard error. A thread of its own shows it, so that a unit that
/// takes long is seen to be worked on: on a terminal a bar with rate and time left, redrawn in
/// place; elsewhere, and on a dumb terminal, a plain line every five seconds. Only one at a time.
/// While it lives, the first SIGINT or SIGTERM is answered at once: the loop asks
/// stop_if_interrupted().
class Progress {
 public:
  /// `total` units of work; `unit` in the singular: "image". `before` of them were done by an
  /// earlier run and count in no rate.
  Progress(std::string title, Index total, std::string unit, Index before = 0);
  /// Calls finish().
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` units so far, `extra` is shown at the end, `effort` if it says more than units do.
  /// Cheap.
  void update(Index done, const std::string& extra = {}, const Effort& effort = {});
  std::optional<double> seconds_left() const { return state().seconds_left(); }
  /// Shows the last state and ends the line.
  void finish();

 private:
  ProgressState state() const;
  void show();
  void show_now_and_then();

  using Clock = std::chrono::steady_clock;
  ProgressState state_;
  Clock::time_point start_, updated_;
  bool unseen_ = false, finished_ = false;  // unseen_: updated since it was shown
  std::condition_variable ended_;
  std::thread shower_;  // none with --quiet
};

/// From now on SIGINT and SIGTERM are only noted, and answered where a Progress lives; the second
/// one kills at once. SIGPIPE and SIGXFSZ are ignored, so that writing fails with an error instead.
void install_signal_handlers();
/// The signal that asks this program to stop, or 0.
int interrupted();
/// Throws Interrupted if there was a signal.
void stop_if_interrupted();

}  // namespace robmask
