// The manual page that the program prints of itself.

#include <cstdlib>

#include "tests/cli/command_line.h"
#include "tests/files/scratch.h"
#include "tools/robmask/help/command_table.h"

namespace robmask {
namespace {

/// As roff spells it.
std::string in_roff(std::string text) {
  for (std::size_t at = 0; (at = text.find('-', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

const std::string& page() {
  static const std::string text = parse({"help", "--man"}).text;
  return text;
}

/// What stands between two headings.
std::string section(const std::string& heading, const std::string& next) {
  const std::size_t begin = page().find("\n" + heading);
  if (begin == std::string::npos) return "";
  return page().substr(begin, page().find("\n" + next, begin + 1) - begin);
}

TEST(ManPage, HasEveryOptionAndExampleOfEveryCommand) {
  const std::string common = section(".SH OPTIONS OF EVERY COMMAND\n", ".SH ");
  for (const CommandTable& table : command_tables()) {
    const std::string own = section(fmt::format(".SS robmask {} ", table.entry.name), ".S");
    EXPECT_NE(own.find(in_roff(std::string(table.entry.summary))), std::string::npos)
        << table.entry.name;
    for (const Option& option : table.options)
      for (const std::string& flag : flags_of(option)) {
        const std::string name = fmt::format("\\fB{}\\fR", in_roff(flag)),
                          help = "\n" + in_roff(option.help);
        const std::string& place = own.find(name) != std::string::npos ? own : common;
        const std::size_t at = place.find(name);
        ASSERT_NE(at, std::string::npos) << table.entry.name << " " << flag;
        EXPECT_EQ(place.find(help, at), place.find('\n', at)) << table.entry.name << " " << flag;
      }
    for (const Example& example : table.entry.examples)
      EXPECT_NE(own.find(in_roff(std::string(example.line))), std::string::npos) << example.line;
  }
}

TEST(ManPage, ReadsTheSameInEveryLocale) {
  EXPECT_TRUE(
      std::ranges::all_of(page(), [](char c) { return c == '\n' || (' ' <= c && c <= '~'); }));
}

TEST(ManPage, PassesTheLintersThatAreHere) {
  const test::ScratchFolder folder;
  write_file(folder / "robmask.1", page());
  bool linted = false;
  for (const std::string linter : {"groff -man -ww -z", "mandoc -T lint -W warning"}) {
    const std::string program = linter.substr(0, linter.find(' '));
    if (std::system(fmt::format("command -v {} >/dev/null", program).c_str()) != 0) continue;
    linted = true;
    const Path said = folder / "said";
    const std::string file = (folder / "robmask.1").string();
    const int status =
        std::system(fmt::format("{} '{}' >'{}' 2>&1", linter, file, said.string()).c_str());
    EXPECT_EQ(status, 0) << linter;
    EXPECT_EQ(read_text(said, 1 << 20), "") << linter;
  }
  if (!linted) GTEST_SKIP() << "neither groff nor mandoc";
}

}  // namespace
}  // namespace robmask
