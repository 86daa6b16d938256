#include "tools/robmask/options/command_line.h"

#include <CLI/CLI.hpp>
#include <map>

#include "engine/version.h"
#include "tools/robmask/help/completions.h"
#include "tools/robmask/help/man_page.h"
#include "tools/robmask/options/config_file.h"
#include "tools/robmask/options/stored_settings.h"

namespace robmask {

namespace {

using Words = std::map<std::string, std::string>;  // option → text

CommandLine printed(const std::string& text) { return {"", nullptr, {}, text}; }

/// "--attack_steps=7" → "--attack-steps=7"; what follows the name is left alone.
std::string with_dashes(const std::string& argument) {
  if (!argument.starts_with("--")) return argument;
  const std::size_t end = std::min(argument.find('='), argument.size());
  return dashed(argument.substr(0, end)) + argument.substr(end);
}

/// Declares the table to the library that splits the command line and prints --help.
void declare(CLI::App& app, const Options& options, Words& words) {
  app.set_help_flag("-h,--help", std::string(help_of_help));
  app.get_formatter()->column_width(26);
  app.add_option("--config", words["config"], std::string(help_of_config))
      ->take_last()
      ->option_text("FILE");
  for (const Option& option : options.list()) {
    std::string names = "--" + option.name;
    if (!option.alias.empty()) names += ",--" + option.alias;
    if (option.positional) names += "," + option.name;
    CLI::Option* declared = option.flag ? app.add_flag(names, words[option.name], option.help)
                                        : app.add_option(names, words[option.name], option.help);
    option.several ? declared->expected(1, -1)->allow_extra_args()->join('\n')
                   : declared->take_last();
    declared->group(option.group)->option_text(option.required ? "(needed)" : " ");
  }
}

/// The options that the command line sets. Throws CLI::CallForHelp for --help.
Words words_of(CLI::App& app, const Options& options, const std::vector<std::string>& arguments) {
  Words words;
  declare(app, options, words);
  app.allow_extras();
  std::vector<std::string> reversed;
  for (const std::string& a : arguments) reversed.insert(reversed.begin(), with_dashes(a));
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    throw;
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();
    throw InputError(text.substr(0, text.find(':')) + ": expected a value, got none");
  } catch (const CLI::ParseError& error) {
    throw InputError(error.what());
  }
  for (const std::string& extra : app.remaining()) {
    const bool flag = extra.starts_with("--");
    const std::string name = flag ? extra.substr(2, extra.find('=') - 2) : extra;
    require(!flag, "{}: unknown option --{}{}", app.get_name(), name,
            suggestion(name, options.all_names(), "--"));
    throw InputError(fmt::format("{}: unexpected argument \"{}\"", app.get_name(), extra));
  }
  std::erase_if(words,
                [&](const auto& word) { return app.get_option("--" + word.first)->count() == 0; });
  return words;
}

/// Adds what the configuration file sets and the flags do not.
void add_config_file(Words& words, const std::string& path, Options& options,
                     std::string_view command) {
  std::set<std::string> seen;
  for (const auto& [key, text] : read_config_file(path, command)) {
    const Option* option = options.find(key);
    require(option != nullptr, "{}: unknown option \"{}\" of {}{}", path, key, command,
            suggestion(key, options.all_names(), "--"));
    require(seen.insert(option->name).second, "{}: \"{}\" is set twice, once as \"{}\"; keep one",
            path, option->name, option->alias);
    words.emplace(option->name, text);
  }
}

/// The end of a command's --help.
std::string examples_of(const CommandEntry& entry) {
  std::string text = "Examples:\n";
  for (const Example& example : entry.examples)
    text += fmt::format("  {}\n    {}\n", example.purpose, example.line);
  return text;
}

CommandLine parse_command(const CommandEntry& entry, const std::vector<std::string>& arguments) {
  CommandLine line{std::string(entry.name), entry.make(), {}};
  line.command->add_options(line.options);
  CLI::App app(std::string(entry.summary), line.name);
  app.footer(examples_of(entry));
  Words words;
  try {
    words = words_of(app, line.options, arguments);
  } catch (const CLI::CallForHelp&) {
    return {line.name, nullptr, {}, app.help(commands().size() == 1 ? "" : "robmask")};
  }
  if (words.contains("config")) add_config_file(words, words["config"], line.options, line.name);
  std::vector<std::string>& given = line.command->common().given;
  for (const Option& option : line.options.list()) {
    if (!words.contains(option.name)) continue;
    option.read(words[option.name]);
    given.push_back(option.name);
  }
  take_stored_settings(line.name, line.options, given, line.command->continued_run());
  for (const Option& option : line.options.list())
    require(!option.required || !option.write().is_null(), "--{}: {} needs it: {}", option.name,
            line.name, option.help);
  line.options.check();
  line.command->check();
  return line;
}

std::string overview() {
  std::string text = "robmask: adversarial training with several masks in one network\n\n";
  for (const CommandEntry& c : commands())
    text += fmt::format("  robmask {:<13}{}\n", c.name, c.summary);
  return text +
         "\nrobmask help COMMAND lists the options of a command, with examples; robmask --version "
         "the version.\n";
}

/// InputError, with the nearest name there is, for a word that is no command.
const CommandEntry& command_named(const std::string& word) {
  std::vector<std::string> names;
  for (const CommandEntry& entry : commands()) {
    if (entry.name == word) return entry;
    names.emplace_back(entry.name);
  }
  names.emplace_back("help");
  throw InputError(fmt::format("expected a command, one of {}, got {}{}; see robmask help",
                               fmt::join(names, ", "), word.empty() ? "none" : '"' + word + '"',
                               suggestion(word, names)));
}

/// `robmask help`, with what follows: a command, or which text is to be made, or nothing.
CommandLine help(const std::vector<std::string>& topics) {
  const std::string topic = topics.empty() ? "--help" : topics.front();
  require(topics.size() < 2, "help: expected one command, got {}", fmt::join(topics, " "));
  if (topic == "--help" || topic == "help") return printed(overview());
  if (topic == "--man") return printed(man_page());
  if (topic == "--bash") return printed(bash_completion());
  if (topic == "--zsh") return printed(zsh_completion());
  require(!topic.starts_with('-'), "help: unknown option {}{}", topic,
          suggestion(topic, {"--help", "--man", "--bash", "--zsh"}));
  return parse_command(command_named(topic), {"--help"});
}

}  // namespace

CommandLine parse(const std::vector<std::string>& arguments) {
  const std::string first = arguments.empty() ? "" : arguments.front();
  const std::vector<std::string> others(arguments.begin() + !arguments.empty(), arguments.end());
  if (first == "--version") return printed(fmt::format("robmask {}\n", version));
  if (commands().size() == 1) return parse_command(commands().front(), arguments);
  if (first == "--help" || first == "-h") return printed(overview());
  if (first == "help") return help(others);
  return parse_command(command_named(first), others);
}

void resolve(CommandLine& line, const std::string& machine) {
  Command& command = *line.command;
  CommonSettings& common = command.common();
  const std::set<std::string> unused = command.unused();
  std::ranges::copy_if(common.given, std::back_inserter(common.unused),
                       [&](const std::string& option) { return unused.contains(option); });
  resolve_common(common, machine, command.precision_on_cuda());
  command.resolve();
  require_stored_settings(line.name, line.options, command.continued_run());
}

}  // namespace robmask
