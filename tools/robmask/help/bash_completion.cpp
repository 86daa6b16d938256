#include <map>

#include "tools/robmask/help/command_table.h"
#include "tools/robmask/help/completions.h"

namespace robmask {

namespace {

constexpr std::string_view bash_head =
    R"(# Completes the command line of robmask in bash; made by `robmask help --bash`.

# What may follow $2, an option of the command $1, or, where that is a dash, stand without one:
# `takes` is word or list (of `words`), path or value. Else it is one of `options`.
_robmask_grammar() {
  takes='' words='' options=''
  case $1 in
)";

constexpr std::string_view bash_tail = R"(  esac
}

_robmask() {
  local IFS=$' \t\n' word glued='' takes words options
  local -a typed=()
  # Readline cuts words at = and :, which stand before and within the value of an option.
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ $word == '=' ]]; then
      typed+=('') glued=1
    elif [[ $glued || ($word == ':' && ${#typed[@]} -gt 0) ]]; then
      typed[${#typed[@]}-1]+=$word
      [[ $word == ':' ]] && glued=1 || glued=''
    else
      typed+=("$word")
    fi
  done
  local count=${#typed[@]} command='' previous='' current
  ((count > 0)) || typed=('') count=1
  ((count > 1)) && command=${typed[0]}
  ((count > 2)) && previous=${typed[count-2]}
  current=${typed[count-1]}

  _robmask_grammar "$command" "$previous"
  [[ $takes || $current == -* ]] || _robmask_grammar "$command" -
  [[ $takes ]] || takes=word words=$options
  COMPREPLY=()
  case $takes in
    word)
      if [[ $current == *:* ]]; then
        compopt -o default
      else
        COMPREPLY=($(compgen -W "$words" -- "$current"))
        [[ ${COMPREPLY[0]-} != *: ]] || compopt -o nospace
      fi ;;
    list)
      local last=${current##*,}
      COMPREPLY=($(compgen -W "$words" -P "${current%"$last"}" -- "$last")) ;;
    path) compopt -o default ;;
  esac
}

complete -F _robmask robmask
)";

/// What the grammar says of an option that takes a value.
std::string grammar_of(const Option& option) {
  if (!option.choices.empty())
    return fmt::format("takes={} words='{}'", option.list ? "list" : "word",
                       fmt::join(option.choices, " "));
  return option.path ? "takes=path" : "takes=value";
}

std::string grammar_of(const CommandTable& table) {
  std::vector<std::string> flags;
  std::map<std::string, std::vector<std::string>> patterns;  // what is said → of which options
  for (const Option& option : table.options)
    for (const std::string& flag : flags_of(option)) {
      flags.push_back(flag);
      if (option.flag) continue;
      std::vector<std::string>& alike = patterns[grammar_of(option)];
      alike.push_back(flag);
      if (option.positional) alike.emplace_back("-");
    }
  std::string text = fmt::format("    {})\n      options='{}'\n      case $2 in\n",
                                 table.entry.name, fmt::join(flags, " "));
  for (const auto& [said, alike] : patterns)
    text += fmt::format("        {}) {} ;;\n", fmt::join(alike, " | "), said);
  return text + "      esac ;;\n";
}

}  // namespace

std::string bash_completion() {
  std::string text(bash_head), names;
  for (const CommandTable& table : command_tables()) {
    text += grammar_of(table);
    names += fmt::format("{} ", table.entry.name);
  }
  text += fmt::format("    help) options='{}--man --bash --zsh' ;;\n", names);
  text += fmt::format("    '') options='{}help --help --version' ;;\n", names);
  return text + std::string(bash_tail);
}

}  // namespace robmask
