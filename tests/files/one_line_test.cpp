#include "data/files/one_line.h"

#include <gtest/gtest.h>

#include <string>

namespace robmask {
namespace {

TEST(OneLine, KeepsLettersAndEscapesWhatBreaksALineOrATerminal) {
  EXPECT_EQ(one_line("ε 8/255 … 猫 🐈 é"), "ε 8/255 … 猫 🐈 é");
  EXPECT_EQ(one_line("a\nb\tc\x1b[2J\x7f"), R"(a\x0ab\x09c\x1b[2J\x7f)");
  EXPECT_EQ(one_line("\xc2\x9b \xe2\x80\xa8"),
            R"(\xc2\x9b \xe2\x80\xa8)");  // CSI, a line separator
  for (const char* broken :
       {"\xff", "\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80"})
    EXPECT_EQ(one_line(broken).substr(0, 2), "\\x") << one_line(broken);
}

TEST(OneLine, KeepsBothEndsOfWhatIsTooLong) {
  std::string text = "begin ";
  for (int i = 0; i < 1000; ++i) text += "ε";
  const std::string line = one_line(text + " end", 101);
  EXPECT_LE(line.size(), 104u);
  EXPECT_TRUE(line.starts_with("begin ε")) << line;
  EXPECT_TRUE(line.ends_with("ε end")) << line;
  EXPECT_EQ(one_line(line), line);
}

}  // namespace
}  // namespace robmask
