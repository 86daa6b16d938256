// robmask help, and the examples at the end of each command's help.

#include <sstream>

#include "tests/cli/command_line.h"

namespace robmask {
namespace {

TEST(HelpCommand, PrintsWhatTheFlagsPrint) {
  EXPECT_EQ(parse({"help"}).text, parse({"--help"}).text);
  EXPECT_EQ(parse({"help", "help"}).text, parse({"--help"}).text);
  EXPECT_NE(parse({"--help"}).text.find("robmask help COMMAND"), std::string::npos);
  for (const CommandEntry& entry : commands()) {
    const std::string name(entry.name);
    EXPECT_EQ(parse({"help", name}).text, parse({name, "--help"}).text);
  }
}

TEST(HelpCommand, SuggestsTheNearestCommand) {
  EXPECT_NE(refusal({"help", "trian"}).find("\"trian\" (did you mean train?)"), std::string::npos);
  EXPECT_NE(refusal({"hlep"}).find("(did you mean help?)"), std::string::npos);
  EXPECT_EQ(refusal({"help", "train", "info"}), "help: expected one command, got train info");
}

/// A line without quotes as the shell splits it.
std::vector<std::string> words_of(std::string_view line) {
  std::istringstream stream{std::string(line)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

TEST(Examples, OfEveryCommandAreAcceptedAsTheyStand) {
  for (const CommandEntry& entry : commands()) {
    EXPECT_GE(entry.examples.size(), 2u) << entry.name;
    EXPECT_LE(entry.examples.size(), 3u) << entry.name;
    const std::string help = parse({std::string(entry.name), "--help"}).text;
    EXPECT_NE(help.find("\nExamples:\n"), std::string::npos) << entry.name;
    for (const Example& example : entry.examples) {
      const std::vector<std::string> words = words_of(example.line);
      EXPECT_EQ(fmt::to_string(fmt::join(words, " ")), example.line);
      ASSERT_GE(words.size(), 2u) << example.line;
      EXPECT_EQ(words[0], "robmask") << example.line;
      EXPECT_EQ(words[1], entry.name) << example.line;
      EXPECT_EQ(refusal({words.begin() + 1, words.end()}), "") << example.line;
      EXPECT_NE(help.find(fmt::format("  {}\n    {}\n", example.purpose, example.line)),
                std::string::npos)
          << help;
    }
  }
}

}  // namespace
}  // namespace robmask
