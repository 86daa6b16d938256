#include "training/manners.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace robmask {

namespace {

bool quiet = false;
bool bar_on_screen = false;
volatile std::sig_atomic_t caught = 0;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool on_terminal() { return isatty(STDERR_FILENO) != 0 && environment("TERM") != "dumb"; }

Index columns() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

/// 10000 → "10,000"
std::string grouped(Index n) {
  std::string digits = std::to_string(n);
  for (auto i = static_cast<Index>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<std::size_t>(i), ",");
  return digits;
}

/// Rate, time left and what the caller adds.
std::string details(const ProgressState& s) {
  std::string text;
  const double rate = s.seconds > 0 ? static_cast<double>(s.done - s.before) / s.seconds : 0;
  if (rate > 0)
    text += fmt::format(", {:.{}f} {}s/s", rate, rate < 10 ? 2 : rate < 1000 ? 1 : 0, s.unit);
  if (s.effort.done > 0 && s.done < s.total)
    text += fmt::format(", at most {} left",
                        duration_text(s.seconds * static_cast<double>(s.effort.most_left) /
                                      static_cast<double>(s.effort.done)));
  else if (rate > 0)
    text +=
        s.done < s.total
            ? fmt::format(", {} left", duration_text(static_cast<double>(s.total - s.done) / rate))
            : fmt::format(", {}", duration_text(s.seconds));
  return s.extra.empty() ? text : text + ", " + s.extra;
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

extern "C" void note_signal(int number) {
  if (caught != 0) _exit(128 + number);
  caught = number;
}

}  // namespace

void set_quiet(bool value) { quiet = value; }

void log_line(const std::string& line) {
  if (quiet) return;
  print((bar_on_screen ? "\r\x1b[K" : "") + line + "\n");
  bar_on_screen = false;
}

void warn(const std::string& line) {
  print((bar_on_screen ? "\r\x1b[K" : "") + std::string("robmask: warning: ") + line + "\n");
  bar_on_screen = false;
}

std::string duration_text(double seconds) {
  const auto s = static_cast<long long>(std::llround(std::clamp(seconds, 0., 1e9)));
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string progress_line(const ProgressState& s) {
  return fmt::format("{} {:.0f}% {}/{} {}s{}", s.title, std::floor(100 * share(s)), grouped(s.done),
                     grouped(s.total), s.unit, details(s));
}

std::string progress_bar(const ProgressState& s, Index columns, bool color) {
  constexpr int length = 24;
  const int filled = static_cast<int>(length * share(s));
  const std::string head = s.title + " ";
  const std::string bar = std::string(filled, '#') + std::string(length - filled, '-');
  const std::string tail = fmt::format(" {:.0f}% {}/{}{}", std::floor(100 * share(s)),
                                       grouped(s.done), grouped(s.total), details(s));
  const Index room = columns - 1 - static_cast<Index>(head.size()) - length;
  if (room <= 0)
    return progress_line(s).substr(0, static_cast<std::size_t>(std::max(columns, Index{1}) - 1));
  return head + (color ? "\x1b[32m" + bar + "\x1b[0m" : bar) +
         tail.substr(0, static_cast<std::size_t>(room));
}

Progress::Progress(std::string title, Index total, std::string unit, Index before)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      before_(before),
      start_(Clock::now()),
      shown_(start_) {}

Progress::~Progress() { finish(); }

void Progress::update(Index done, const std::string& extra, const Effort& effort) {
  done_ = done;
  effort_ = effort;
  extra_ = extra;
  unseen_ = true;
  const auto pause = on_terminal() ? std::chrono::milliseconds(100) : std::chrono::seconds(5);
  if (Clock::now() - shown_ >= pause) show();
}

void Progress::finish() {
  if (std::exchange(finished_, true)) return;
  if (unseen_) show();
  if (std::exchange(bar_on_screen, false)) print("\n");
}

void Progress::show() {
  if (quiet) return;
  shown_ = Clock::now();
  unseen_ = false;
  const std::chrono::duration<double> elapsed = shown_ - start_;
  const ProgressState state{title_, unit_,           extra_,  done_,
                            total_, elapsed.count(), before_, effort_};
  if (!on_terminal()) return print(progress_line(state) + "\n");
  print("\r" + progress_bar(state, columns(), environment("NO_COLOR").empty()) + "\x1b[K");
  bar_on_screen = true;
}

void install_signal_handlers() {
  struct sigaction action = {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
  sigaction(SIGXFSZ, &action, nullptr);
}

int interrupted() { return caught; }

void stop_if_interrupted() {
  if (const int number = interrupted()) throw Interrupted(number);
}

}  // namespace robmask
