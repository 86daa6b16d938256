// The words of a command line, a line each: options that are wrong, alone or together.

#include <sstream>

#include "tests/fuzz/fuzzer.h"
#include "tools/robmask/options/command_line.h"

namespace robmask::fuzz {

namespace {

constexpr std::string_view odd_words[] = {"train",
                                          "finetune",
                                          "evaluate",
                                          "predict",
                                          "interpolate",
                                          "export",
                                          "reproduce",
                                          "info",
                                          "bench",
                                          "report",
                                          "table1",
                                          "0",
                                          "-1",
                                          "1",
                                          "2",
                                          "3",
                                          "64",
                                          "8/255",
                                          "0/0",
                                          "1/0",
                                          "1e999",
                                          "nan",
                                          "inf",
                                          "0.5",
                                          "99999999999999999999",
                                          "-9223372036854775808",
                                          "match",
                                          "random",
                                          "all",
                                          "resnet18",
                                          "densenet121",
                                          "resnet18-imagenet",
                                          "wrn-28-10",
                                          "dm-wrn-16-4-relu",
                                          "robmask",
                                          "advprop",
                                          "trades",
                                          "pgd",
                                          "split",
                                          "l2",
                                          "autoattack",
                                          "square",
                                          "fab-t",
                                          "plus",
                                          "on",
                                          "off",
                                          "",
                                          ",",
                                          "a,b",
                                          "0,1",
                                          "1,0",
                                          "=",
                                          "--",
                                          "-h",
                                          "synthetic",
                                          "cifar10:.",
                                          "npy:",
                                          "8",
                                          "4/255,8/255",
                                          "\xff"};

std::vector<std::string> words_of(std::string_view input) {
  std::istringstream lines{std::string(input)};
  std::vector<std::string> words;
  for (std::string line; std::getline(lines, line);) words.push_back(line);
  return words;
}

std::string odd_word(Random& random) {
  return std::string(odd_words[random() % std::size(odd_words)]);
}

/// An option that some command has.
std::string some_option(Random& random) {
  const CommandEntry& entry = commands()[random() % commands().size()];
  const std::unique_ptr<Command> command = entry.make();
  Options table;
  command->add_options(table);
  return "--" + table.list()[random() % table.list().size()].name;
}

std::string other_words(std::string input, std::size_t most, Random& random) {
  std::vector<std::string> words = words_of(input);
  words.insert(words.begin() + static_cast<Index>(random() % (words.size() + 1)),
               random() % 2 ? odd_word(random) : some_option(random));
  std::string& word = words[random() % words.size()];
  switch (random() % 6) {
    case 0: word = other_bytes(word, word.size() + 8, random); break;
    case 1: word = odd_word(random); break;
    case 2: word = some_option(random); break;
    case 3: word = some_option(random) + "=" + odd_word(random); break;
    case 4: word += "," + odd_word(random); break;
    default: words.pop_back();
  }
  input = fmt::to_string(fmt::join(words, "\n"));
  return input.substr(0, most);
}

}  // namespace

const Reader options(
    "options", [](std::string_view input) { accepted("", [&] { parse(words_of(input)); }); },
    other_words);

}  // namespace robmask::fuzz
