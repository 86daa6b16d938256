// docs/commands.md says what --help says: the same commands, options and defaults, in both
// directions.

#include <map>
#include <set>
#include <sstream>

#include "tests/commands/binary.h"

namespace robmask {
namespace {

/// Options, each with all its names ("--attack-steps,--steps"), and their defaults: "needed" for
/// one without which the command does not run, empty for none.
using Defaults = std::map<std::string, std::string>;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// What stands between two marks, of one pair of them after the other.
std::vector<std::string> between(const std::string& text, char open, char close) {
  std::vector<std::string> pieces;
  for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, at)) {
    const std::size_t end = text.find(close, at + 1);
    if (end == std::string::npos) break;
    pieces.push_back(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return pieces;
}

/// "  --epochs    passes over the training images [20]" of --help. Names that fill their column
/// have the text on the next line.
Defaults options_of_help(const std::string& help) {
  Defaults options;
  std::string names;
  for (const std::string& line : lines_of(help)) {
    if (line.empty()) names.clear();
    if (line.starts_with("  -")) {
      names = line.substr(2, line.find(' ', 2) - 2);
      options[names] = line.find("(needed)") == std::string::npos ? "" : "needed";
    }
    const std::size_t bracket = line.rfind(" [");
    if (!names.empty() && line.ends_with(']') && bracket != std::string::npos)
      options[names] = line.substr(bracket + 2, line.size() - bracket - 3);
  }
  return options;
}

/// What stands under a heading of the page.
struct Section {
  Defaults options;                 // rows: | `--epochs` | values | `20` | meaning |
  std::vector<std::string> groups;  // the headings whose options the command takes too
};

std::map<std::string, Section> sections_of(const std::string& page) {
  std::map<std::string, Section> sections;
  std::string heading;
  bool naming = false;  // in the paragraph that names the groups
  for (const std::string& line : lines_of(page)) {
    if (line.starts_with("## ") || line.starts_with("### "))
      heading = line.substr(line.find(' ') + 1);
    naming = line.starts_with("Groups: ") || (naming && !line.empty());
    if (naming)
      for (const std::string& group : between(line, '[', ']'))
        sections[heading].groups.push_back(group);
    if (!line.starts_with("| `-")) continue;
    const std::size_t values = line.find('|', 1), shown = line.find('|', values + 1),
                      meaning = line.find('|', shown + 1);
    const std::string cell = line.substr(shown + 1, meaning - shown - 1);
    const std::vector<std::string> names = between(line.substr(0, values), '`', '`'),
                                   quoted = between(cell, '`', '`');
    const bool needed = cell == " needed ";
    EXPECT_TRUE(quoted.size() == 1 || needed || cell == " ") << line;
    sections[heading].options[fmt::to_string(fmt::join(names, ","))] =
        needed ? "needed" : fmt::to_string(fmt::join(quoted, ""));
  }
  return sections;
}

/// What `of` has and `other` has not, a line each.
std::string only_in(const std::set<std::string>& of, const std::set<std::string>& other) {
  std::string lines;
  for (const std::string& line : of)
    if (!other.contains(line)) lines += line + "\n";
  return lines;
}

class Help : public Binary {
 protected:
  /// The commands that `robmask --help` lists, with what it says of them.
  std::map<std::string, std::string> commands() const {
    std::map<std::string, std::string> summaries;
    const std::string start = "  robmask ";
    for (const std::string& line : lines_of(run("--help").output)) {
      if (!line.starts_with(start)) continue;
      const std::size_t end = line.find(' ', start.size());
      summaries[line.substr(start.size(), end - start.size())] =
          line.substr(line.find_first_not_of(' ', end));
    }
    return summaries;
  }

  const std::string page_ = text_of("docs/commands.md");
};

TEST_F(Help, AndThePageNameTheSameCommands) {
  std::set<std::string> page, help;
  for (const std::string& line : lines_of(page_))
    if (line.starts_with("| [")) page.insert(line);
  for (const auto& [command, summary] : commands())
    help.insert(fmt::format("| [{}](#{}) | {} |", command, command, summary));
  EXPECT_EQ(help.size(), 11u);
  EXPECT_EQ(page, help);
}

TEST_F(Help, AndThePageListTheSameOptionsWithTheSameDefaults) {
  std::map<std::string, Section> sections = sections_of(page_);
  std::set<std::string> page, help, listed, read;
  const auto add = [](std::set<std::string>& to, const std::string& command, const Defaults& all) {
    for (const auto& [names, shown] : all)
      to.insert(fmt::format("{} {} [{}]", command, names, shown));
  };
  for (const auto& [command, summary] : commands()) {
    Defaults options = sections[command].options;  // its own rows count
    read.insert(command);
    for (const std::string& group : sections[command].groups) {
      options.insert(sections[group].options.begin(), sections[group].options.end());
      read.insert(group);
    }
    add(page, command, options);
    add(help, command, options_of_help(run(command + " --help").output));
  }
  for (const auto& [heading, section] : sections)
    if (!section.options.empty()) listed.insert(heading);
  EXPECT_GT(help.size(), 250u);
  EXPECT_EQ(only_in(help, page), "") << "of --help is not in docs/commands.md";
  EXPECT_EQ(only_in(page, help), "") << "of docs/commands.md is not in --help";
  EXPECT_EQ(only_in(listed, read), "") << "is a group of no command";
}

}  // namespace
}  // namespace robmask
