#include "training/terminal.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <thread>

#include "tests/support/loud.h"

namespace robmask {
namespace {

const ProgressState halfway{"training", "image", "loss 1.2", 5000, 10000, 50};

TEST(Terminal, ProgressSaysHowFarHowFastAndHowLong) {
  EXPECT_EQ(progress_line(halfway),
            "training 50% 5,000/10,000 images, 100.0 images/s, 0:50 so far, 0:50 left, loss 1.2");
  ProgressState done = halfway;
  done.done = done.total;
  EXPECT_EQ(progress_line(done),
            "training 100% 10,000/10,000 images, 200.0 images/s, 0:50, loss 1.2");
}

/// Letters of UTF-8: bytes that do not go on with one.
Index letters(const std::string& text) {
  return std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; });
}

TEST(Terminal, ProgressBarKeepsWithinTheTerminalAndKeepsTheTimeLeft) {
  ProgressState state = halfway;
  state.title = "pgd ε 8/255, mask 0";
  for (Index columns = 1; columns <= 200; ++columns) {
    const std::string bar = progress_bar(state, columns, false);
    EXPECT_LT(letters(bar), std::max(columns, Index{2})) << columns << ": " << bar;
    if (columns >= 20) {
      EXPECT_NE(bar.find("0:50 left"), std::string::npos) << columns << ": " << bar;
    }
  }
  EXPECT_EQ(progress_bar(halfway, 200, false),
            "training ############------------ 50% 5,000/10,000, 100.0 images/s, 0:50 so far, 0:50 "
            "left, loss 1.2");
  EXPECT_EQ(progress_bar(halfway, 60, false),
            "training ######------ 50% 5,000/10,000, 0:50 left, loss 1.2");
  EXPECT_EQ(progress_bar(halfway, 30, false), "training 50%, 0:50 left");
}

TEST(Terminal, WhatIsAtWorkCountsDownTheTimeLeftUntilItTakesLongerThanUsual) {
  ProgressState working{"training", "iteration", "", 5, 10, 54};  // 10 s each, and 4 s of the sixth
  working.since = 4;
  EXPECT_EQ(progress_line(working),
            "training 50% 5/10 iterations, 0.10 iterations/s, 0:54 so far, 0:46 left");
  working.seconds = 80;
  working.since = 30;  // as if it ended now: 6 in 80 s, 4 to go
  EXPECT_EQ(progress_line(working),
            "training 50% 5/10 iterations, 0.10 iterations/s, 1:20 so far, 0:53 left");
  ProgressState fresh{"training", "iteration", "", 0, 7820, 12};
  fresh.since = 12;
  EXPECT_EQ(progress_line(fresh), "training 0% 0/7,820 iterations, 0:12 so far");
}

TEST(Terminal, ProgressBarHasColorsOnlyIfAsked) {
  EXPECT_NE(progress_bar(halfway, 80, true).find("\x1b["), std::string::npos);
  EXPECT_EQ(progress_bar(halfway, 80, false).find("\x1b["), std::string::npos);
}

TEST(Terminal, WhatAnEarlierRunDidCountsInNoRate) {
  ProgressState resumed = halfway;
  resumed.before = 4000;
  EXPECT_EQ(progress_line(resumed),
            "training 50% 5,000/10,000 images, 20.0 images/s, 0:50 so far, 4:10 left, loss 1.2");
}

TEST(Terminal, EffortTellsWhatIsLeftAtMostWhereUnitsDoNotFinish) {
  ProgressState standing{"square", "image", "robust so far 45.00 %", 0, 10000, 50};
  standing.effort = {200, 1000};
  EXPECT_EQ(progress_line(standing),
            "square 16% 0/10,000 images, 0:50 so far, at most 4:10 left, robust so far 45.00 %");
  standing.done = 8000;
  standing.before = 5000;
  EXPECT_EQ(
      progress_line(standing),
      "square 58% 8,000/10,000 images, 60.0 images/s, 0:50 so far, at most 4:10 left, robust so "
      "far 45.00 %");
}

TEST(Terminal, DurationsReadAsClocks) {
  EXPECT_EQ(duration_text(9.4), "0:09");
  EXPECT_EQ(duration_text(754), "12:34");
  EXPECT_EQ(duration_text(11107), "3:05:07");
}

TEST(Terminal, ProgressIsAPlainLineWithoutATerminal) {
  const test::Loud loud;
  testing::internal::CaptureStderr();
  {
    Progress progress("testing", 3, "image");
    progress.update(3);
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(text.starts_with("testing 100% 3/3 images") && text.ends_with("\n")) << text;
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

const std::string no_terminal = "no pseudo-terminal can be opened: is /dev/pts mounted?";

/// What comes to a terminal of 60 columns while `action` runs; no_terminal where none can be had.
template <class Action>
std::string on_a_terminal(Action&& action) {
  const test::Loud loud;
  int terminal = -1, program = -1;
  const winsize size{24, 60, 0, 0};
  if (::openpty(&terminal, &program, nullptr, nullptr, &size) != 0) return no_terminal;
  const int before = ::dup(STDERR_FILENO);
  ::dup2(program, STDERR_FILENO);
  action();
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  ::close(program);  // nobody writes any more: reading ends once all is read
  std::string shown;
  std::array<char, 4096> text{};
  for (ssize_t length; (length = ::read(terminal, text.data(), text.size())) > 0;)
    shown.append(text.data(), static_cast<std::size_t>(length));
  ::close(terminal);
  return shown;
}

TEST(Terminal, ProgressShowsLifeWhileNothingIsDone) {
  const std::string shown = on_a_terminal([] {
    Progress progress("testing", 3, "image");
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  });
  if (shown == no_terminal) GTEST_SKIP() << shown;
  EXPECT_NE(shown.find("testing"), std::string::npos) << shown;
  EXPECT_NE(shown.find("0/3, 0:00 so far"), std::string::npos) << shown;
}

TEST(Terminal, LogLinesTakeThePlaceOfTheBar) {
  const std::string shown = on_a_terminal([] {
    Progress progress("testing", 3, "image");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    log("epoch 1");
  });
  if (shown == no_terminal) GTEST_SKIP() << shown;
  EXPECT_NE(shown.find("\r\x1b[Kepoch 1\r\n"), std::string::npos) << shown;
}

TEST(Terminal, QuietSilencesAllButWarnings) {
  testing::internal::CaptureStderr();
  log("something");
  Progress("testing", 1, "image").update(1);
  warn("look here");
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text, "robmask: warning: look here\n");
}

TEST(Terminal, ANameWithLineBreaksBreaksNoLine) {
  testing::internal::CaptureStderr();
  warn("no\nsuch ε");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "robmask: warning: no\\x0asuch ε\n");
}

TEST(TerminalDeathTest, TheFirstSignalIsNotedAndTheSecondKills) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        install_signal_handlers();
        std::raise(SIGPIPE);
        std::raise(SIGXFSZ);
        std::raise(SIGTERM);
        try {
          stop_if_interrupted();
        } catch (const Interrupted& stop) {
          std::fprintf(stderr, "noted %d", stop.signal);
        }
        std::raise(SIGINT);
      },
      testing::ExitedWithCode(130), "noted 15");
}

TEST(TerminalDeathTest, ASignalIsAnsweredAtOnceByALoopThatStopsAndBySilenceWhereNoneRuns) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto raised_in = [](const std::string& unit, bool silent) {
    set_quiet(silent);
    install_signal_handlers();
    std::optional<Progress> progress;
    if (!unit.empty()) progress.emplace("training", 3, unit);
    std::raise(SIGINT);
    std::_Exit(interrupted());
  };
  const auto two = testing::ExitedWithCode(SIGINT);
  EXPECT_EXIT(raised_in("iteration", false), two,
              "^robmask: stopping after this iteration; a second signal ends it at once\n$");
  EXPECT_EXIT(raised_in("image", false), two, "^robmask: stopping after this step;");
  EXPECT_EXIT(raised_in("iteration", true), two, "^$");
  EXPECT_EXIT(raised_in("", false), two, "^$");
}

}  // namespace
}  // namespace robmask
