#include "training/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "data/files/one_line.h"

namespace robmask {

namespace {

bool quiet = false, silent = false;
std::string (*worded)(const std::string&) = [](const std::string& message) { return message; };
std::mutex screen;  // whoever writes to standard error, or says what shall stand there
std::atomic<bool> bar_on_screen = false;
std::atomic<int> caught = 0;  // the signal
std::string answer;           // to the first signal; left alone while `stoppable`
std::atomic<bool> stoppable = false;

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

void put_on_own_line(const std::string& line) {
  print((bar_on_screen ? "\r\x1b[K" : "") + line + "\n");
  bar_on_screen = false;
}

void write_plainly(std::string_view text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

extern "C" void note_signal(int number) {
  if (caught.exchange(number) != 0) _exit(128 + number);
  const int error = errno;
  if (stoppable) {
    if (bar_on_screen) write_plainly("\n");
    write_plainly(answer);
  }
  errno = error;
}

}  // namespace

void set_quiet(bool value) { quiet = value || silent; }
void set_silent(bool value) { quiet = silent = value; }

void set_wording(std::string (*wording)(const std::string&)) { worded = wording; }

void log_line(const std::string& line) {
  if (quiet) return;
  const std::lock_guard lock(screen);
  put_on_own_line(one_line(worded(line)));
}

void warn(const std::string& line) {
  if (silent) return;
  const std::lock_guard lock(screen);
  put_on_own_line("robmask: warning: " + one_line(worded(line)));
}

Progress::Progress(std::string title, Index total, std::string unit, Index before)
    : state_{.title = one_line(title),
             .unit = std::move(unit),
             .extra = {},
             .done = before,
             .total = total,
             .before = before},
      start_(Clock::now()),
      updated_(start_) {
  if (quiet) return;
  answer = fmt::format("robmask: stopping after this {}; a second signal ends it at once\n",
                       state_.unit == "iteration" ? state_.unit : "step");
  stoppable = true;
  shower_ = std::thread([this] { show_now_and_then(); });
}

Progress::~Progress() { finish(); }

void Progress::update(Index done, const std::string& extra, const Effort& effort) {
  const std::lock_guard lock(screen);
  updated_ = Clock::now();
  state_.done = done;
  state_.effort = effort;
  state_.extra = extra;
  unseen_ = true;
}

void Progress::finish() {
  {
    const std::lock_guard lock(screen);
    if (std::exchange(finished_, true)) return;
    stoppable = false;
    if (unseen_) show();
    if (bar_on_screen) print("\n");
    bar_on_screen = false;
  }
  ended_.notify_one();
  if (shower_.joinable()) shower_.join();
}

ProgressState Progress::state() const {
  const auto seconds = [now = Clock::now()](Clock::time_point since) {
    return std::chrono::duration<double>(now - since).count();
  };
  ProgressState now = state_;
  now.seconds = seconds(start_);
  now.since = seconds(updated_);
  return now;
}

void Progress::show() {
  if (quiet) return;
  unseen_ = false;
  if (!on_terminal()) return print(progress_line(state()) + "\n");
  print("\r" + progress_bar(state(), columns(), environment("NO_COLOR").empty()) + "\x1b[K");
  bar_on_screen = true;
}

void Progress::show_now_and_then() {
  using namespace std::chrono_literals;
  const std::chrono::milliseconds pause = on_terminal() ? 200ms : 5s;
  std::unique_lock lock(screen);
  while (!ended_.wait_for(lock, pause, [this] { return finished_; })) show();
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
