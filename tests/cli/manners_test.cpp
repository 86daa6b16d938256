#include "training/manners.h"

#include <gtest/gtest.h>

#include <csignal>

namespace robmask {
namespace {

const ProgressState halfway{"training", "image", "loss 1.2", 5000, 10000, 50};

TEST(Manners, ProgressSaysHowFarHowFastAndHowLong) {
  EXPECT_EQ(progress_line(halfway),
            "training 50% 5,000/10,000 images, 100.0 images/s, 0:50 left, loss 1.2");
  ProgressState done = halfway;
  done.done = done.total;
  EXPECT_EQ(progress_line(done),
            "training 100% 10,000/10,000 images, 200.0 images/s, 0:50, loss 1.2");
}

TEST(Manners, ProgressBarKeepsWithinTheTerminal) {
  for (const Index columns : {1, 20, 40, 60, 200})
    EXPECT_LT(progress_bar(halfway, columns, false).size(), static_cast<std::size_t>(columns) + 1);
  EXPECT_EQ(progress_bar(halfway, 200, false).substr(0, 34), "training ############------------ ");
}

TEST(Manners, ProgressBarHasColorsOnlyIfAsked) {
  EXPECT_NE(progress_bar(halfway, 80, true).find("\x1b["), std::string::npos);
  EXPECT_EQ(progress_bar(halfway, 80, false).find("\x1b["), std::string::npos);
}

TEST(Manners, WhatAnEarlierRunDidCountsInNoRate) {
  ProgressState resumed = halfway;
  resumed.before = 4000;
  EXPECT_EQ(progress_line(resumed),
            "training 50% 5,000/10,000 images, 20.0 images/s, 4:10 left, loss 1.2");
}

TEST(Manners, EffortTellsWhatIsLeftAtMostWhereUnitsDoNotFinish) {
  ProgressState standing{"square", "image", "robust so far 45.00 %", 0, 10000, 50};
  standing.effort = {200, 1000};
  EXPECT_EQ(progress_line(standing),
            "square 16% 0/10,000 images, at most 4:10 left, robust so far 45.00 %");
  standing.done = 8000;
  standing.before = 5000;
  EXPECT_EQ(
      progress_line(standing),
      "square 58% 8,000/10,000 images, 60.0 images/s, at most 4:10 left, robust so far 45.00 %");
}

TEST(Manners, DurationsReadAsClocks) {
  EXPECT_EQ(duration_text(9.4), "0:09");
  EXPECT_EQ(duration_text(754), "12:34");
  EXPECT_EQ(duration_text(11107), "3:05:07");
}

TEST(Manners, ProgressIsAPlainLineWithoutATerminal) {
  set_quiet(false);
  testing::internal::CaptureStderr();
  {
    Progress progress("testing", 3, "image");
    progress.update(3);
  }
  const std::string text = testing::internal::GetCapturedStderr();
  set_quiet(true);
  EXPECT_TRUE(text.starts_with("testing 100% 3/3 images") && text.ends_with("\n")) << text;
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(Manners, QuietSilencesAllButWarnings) {
  testing::internal::CaptureStderr();
  log("something");
  Progress("testing", 1, "image").update(1);
  warn("look here");
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text, "robmask: warning: look here\n");
}

TEST(MannersDeathTest, TheFirstSignalIsNotedAndTheSecondKills) {
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

}  // namespace
}  // namespace robmask
