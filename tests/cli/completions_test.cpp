// What completes a command line in bash and zsh. Bash's is run by bash, as Readline would.

#include <unistd.h>

#include <cstdlib>

#include "tests/cli/command_line.h"
#include "tests/files/scratch.h"
#include "tools/robmask/help/command_table.h"

namespace robmask {
namespace {

class BashCompletion : public testing::Test {
 protected:
  void SetUp() override {
    if (::access("/bin/bash", X_OK) != 0) GTEST_SKIP() << "no /bin/bash";
    write_file(folder_ / "robmask", parse({"help", "--bash"}).text);
    // compopt works only while a key is pressed.
    write_file(folder_ / "ask",
               "set -u\nsource \"$1/robmask\"\nshift\ncompopt() { echo -n \"<$*>\"; }\n"
               "COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1))\n_robmask\necho \"${COMPREPLY[*]}\"\n");
  }

  /// What bash offers for the last of the words that Readline makes of a command line.
  std::string offers(const std::string& words) const {
    const Path answer = folder_ / "answer";
    const std::string command =
        fmt::format("/bin/bash --norc '{}' '{}' robmask {} >'{}' 2>&1", (folder_ / "ask").string(),
                    folder_.path().string(), words, answer.string());
    EXPECT_EQ(std::system(command.c_str()), 0) << words;
    const std::string line = read_text(answer, 1 << 20);
    return line.substr(0, line.find('\n'));
  }

  test::ScratchFolder folder_;
};

TEST_F(BashCompletion, OffersEveryCommand) {
  std::string names;
  for (const CommandEntry& entry : commands()) names += fmt::format("{} ", entry.name);
  EXPECT_EQ(offers("''"), names + "help --help --version");
  EXPECT_EQ(offers("help ''"), names + "--man --bash --zsh");
  EXPECT_EQ(offers("tr"), "train");
}

TEST_F(BashCompletion, OffersEveryOptionOfEveryCommand) {
  for (const CommandTable& table : command_tables()) {
    std::vector<std::string> flags;
    for (const Option& option : table.options)
      for (const std::string& flag : flags_of(option)) flags.push_back(flag);
    EXPECT_EQ(offers(fmt::format("{} --", table.entry.name)),
              fmt::to_string(fmt::join(flags, " ")));
  }
}

TEST_F(BashCompletion, OffersTheWordsThatAnOptionTakes) {
  EXPECT_EQ(offers("train --method ''"), "standard pgd trades advprop robmask");
  EXPECT_EQ(offers("finetune --method ''"), "standard pgd");
  EXPECT_EQ(offers("train --method = ro"), "robmask");
  EXPECT_EQ(offers("train --method ="), "standard pgd trades advprop robmask");
  EXPECT_EQ(offers("train --shuffle ''"), "on off");
  EXPECT_EQ(offers("evaluate --attack pgd,fab"), "pgd,fab-t pgd,fab");
  EXPECT_EQ(offers("reproduce table1,figure"), "table1,figure1 table1,figure3 table1,figure4");
  EXPECT_EQ(offers("train --resume --epo"), "--epochs");
}

TEST_F(BashCompletion, OffersNothingWhereANumberIsExpected) {
  EXPECT_EQ(offers("train --epochs ''"), "");
  EXPECT_EQ(offers("evaluate --steps ''"), "");
}

TEST_F(BashCompletion, LeavesPathsToReadline) {
  const std::string readline = "<-o default>";
  for (const char* words :
       {"evaluate --from ''", "evaluate --from =", "train --config a", "info ''", "report a b ''",
        "train --data folder : ''", "train --data = cifar10 : some", "train --data folder :"})
    EXPECT_EQ(offers(words), readline) << words;
  EXPECT_EQ(offers("train --data fo"), "<-o nospace>folder:");
  EXPECT_EQ(offers("train --data syn"), "synthetic");
  EXPECT_EQ(offers("train --data folder : some --see"), "--seed");
}

TEST(ZshCompletion, HasEveryOptionOfEveryCommand) {
  const std::string text = parse({"help", "--zsh"}).text;
  EXPECT_TRUE(text.starts_with("#compdef robmask\n"));
  for (const CommandTable& table : command_tables()) {
    EXPECT_NE(text.find(fmt::format("    '{}:", table.entry.name)), std::string::npos);
    const std::size_t begin = text.find(fmt::format("\n    {})\n", table.entry.name));
    ASSERT_NE(begin, std::string::npos) << table.entry.name;
    const std::string own = text.substr(begin, text.find(" ;;\n", begin) - begin);
    for (const Option& option : table.options)
      for (const std::string& flag : flags_of(option))
        EXPECT_NE(own.find(fmt::format("){}{}[", flag, option.flag ? "" : "=")), std::string::npos)
            << table.entry.name << " " << flag;
  }
}

TEST(ZshCompletion, IsQuotedAsZshReadsIt) {
  const std::string text = parse({"help", "--zsh"}).text;
  for (const char* part :
       {"--method=[how to train\\: standard, pgd, trades, advprop, robmask \\[standard\\]]:method:"
        "(standard pgd trades advprop robmask)'",
        "keep the first'\\''s running statistics]'", ":attack:_values -s , attack clean fgsm pgd",
        ":data:_robmask_source synthetic cifar10\\: cifar100\\:", "'*:runs:_files'",
        "'1:from:_files'", "'(--attack-steps --steps)--steps=["})
    EXPECT_NE(text.find(part), std::string::npos) << part;
  if (std::system("command -v zsh >/dev/null") != 0) GTEST_SKIP() << "no zsh";
  const test::ScratchFolder folder;
  write_file(folder / "_robmask", text);
  EXPECT_EQ(std::system(fmt::format("zsh -n '{}'", (folder / "_robmask").string()).c_str()), 0);
}

}  // namespace
}  // namespace robmask
