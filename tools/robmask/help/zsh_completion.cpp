#include "tools/robmask/help/command_table.h"
#include "tools/robmask/help/completions.h"

namespace robmask {

namespace {

constexpr std::string_view zsh_head = R"(#compdef robmask
# Completes the command line of robmask in zsh; made by `robmask help --zsh`.

# One of some words, of which those that end in a colon go on with a path.
_robmask_source() {
  if compset -P '*:'; then
    _files
  else
    compadd -- ${@:#*:}
    compadd -S '' -- ${(M)@:#*:}
  fi
}

_robmask() {
  local -a commands=(
)";

constexpr std::string_view zsh_choice = R"(  )
  if ((CURRENT == 2)); then
    _arguments '--help[list the commands]' '--version[print the version]' ': :->command'
    [[ $state != command ]] || _describe command commands
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
)";

constexpr std::string_view zsh_tail = R"(    help)
      _arguments '--man[print the manual page]' '--bash[print what completes in bash]' \
        '--zsh[print what completes in zsh]' ': :->command'
      [[ $state != command ]] || _describe command commands ;;
  esac
}

# In $fpath this file is the function's body; sourced, it tells of it.
if [[ $funcstack[1] == _robmask ]]; then
  _robmask "$@"
else
  compdef _robmask robmask
fi
)";

/// As text between single quotes, with a backslash before each of `special`.
std::string escaped(std::string_view text, std::string_view special) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') result += "'\\'";  // out of the quotes, one, and in again
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

/// ":message:action" of _arguments: how the value of an option is completed.
std::string action_of(const Option& option) {
  const std::string words = fmt::to_string(fmt::join(option.choices, " "));
  std::string action = option.path ? "_files" : " ";
  if (words.find(':') != std::string::npos)
    action = "_robmask_source " + escaped(words, ":");
  else if (!words.empty())
    action = option.list ? fmt::format("_values -s , {} {}", option.name, words)
                         : fmt::format("({})", words);
  return fmt::format(":{}:{}", option.name, action);
}

std::string arguments_of(const CommandTable& table) {
  std::string text = fmt::format("    {})\n      _arguments", table.entry.name);
  for (const Option& option : table.options) {
    const std::vector<std::string> flags = flags_of(option);
    for (const std::string& flag : flags)
      text += fmt::format(" \\\n        '({}){}{}[{}]{}'", fmt::join(flags, " "), flag,
                          option.flag ? "" : "=", escaped(option.help, "[]:\\"),
                          option.flag ? "" : action_of(option));
    if (option.positional)
      text += fmt::format(" \\\n        '{}{}'", option.several ? "*" : "1", action_of(option));
  }
  return text + " ;;\n";
}

}  // namespace

std::string zsh_completion() {
  std::string names, cases;
  for (const CommandTable& table : command_tables()) {
    names += fmt::format("    '{}:{}'\n", table.entry.name, escaped(table.entry.summary, ":"));
    cases += arguments_of(table);
  }
  names += "    'help:the options of a command, with examples'\n";
  return fmt::format("{}{}{}{}{}", zsh_head, names, zsh_choice, cases, zsh_tail);
}

}  // namespace robmask
