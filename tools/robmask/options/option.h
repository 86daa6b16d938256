#pragma once
// One table a command: the name of each option, what it sets, how it is read and written. The
// command line, the configuration file, config.json, --help, the manual page and the shells'
// completions all go by this table.

#include <functional>
#include <string>
#include <vector>

#include "tools/robmask/options/suggestion.h"
#include "tools/robmask/options/value.h"

namespace robmask {

struct Option {
  std::string name;   // without dashes: "attack-steps"
  std::string alias;  // a second name, or empty
  std::string group;  // its heading in --help
  std::string help;   // one line with choices and default
  bool flag = false;  // given without a value
  bool required = false;
  bool positional = false;  // takes the word that has no name
  bool several = false;     // takes all such words, as a list
  /// The words that it takes, or that shall be offered among others; one that ends in a colon goes
  /// on with a path.
  std::vector<std::string> choices = {};
  bool list = false;  // takes several values, separated by commas
  bool path = false;  // takes the name of a file or folder

  /// Sets the value. InputError: "--name: expected …, got …".
  std::function<void(const std::string& text)> read;
  /// The value as JSON; null if not set.
  std::function<Json()> write;

  bool answers_to(const std::string& word) const {
    return word == name || (word == alias && !alias.empty());
  }
};

/// The options of one command, bound to its settings.
class Options {
 public:
  /// The options that follow are listed under `heading`.
  void group(const std::string& heading) { group_ = heading; }

  /// An option for `value`; `shown` is its default in --help, if not the value itself.
  template <class T>
  Option& add(const std::string& name, T& value, const std::string& help, const Range& range = {},
              const std::string& shown = {}) {
    Option option;
    option.name = name;
    option.group = group_;
    option.write = [&value] { return Value<T>::write(value); };
    option.read = [&value, name, range](const std::string& text) {
      T parsed{};
      require(Value<T>::read(text, parsed) && in_range(range, parsed),
              "--{}: expected {}{}, got \"{}\"{}", name, expected<T>(), range.words(), text,
              nearest<T>(text));
      value = std::move(parsed);
    };
    const std::string initial = shown.empty() ? text_of(option.write()) : shown;
    option.help = help + (is_choice<T> ? ": " + Value<Element<T>>::words() : "") +
                  (initial.empty() ? "" : " [" + initial + "]");
    option.choices = choices<T>();
    option.list = std::is_same_v<T, std::vector<Element<T>>>;
    // Text with a default is a name of something else.
    option.path = std::is_same_v<Element<T>, std::filesystem::path> ||
                  (initial.empty() && std::is_same_v<T, std::string>) ||
                  (initial.empty() && std::is_same_v<T, std::vector<std::string>>);
    return list_.emplace_back(std::move(option));
  }
  /// An option without a value: `--name`, `--name=false`.
  void flag(const std::string& name, bool& value, const std::string& help);
  /// Values that may be wrong together: `check` throws InputError, naming an option, if they are.
  void add_check(const std::function<void()>& check) { checks_.push_back(check); }
  void check() const {
    for (const auto& check : checks_) check();
  }

  const std::vector<Option>& list() const { return list_; }
  std::vector<std::string> all_names() const;
  /// The option of that name or alias, or null.
  Option* find(const std::string& name);

  /// JSON as the text that an option reads: lists with commas. Null gives "".
  static std::string text_of(const Json& value);

 private:
  /// Of a list or an optional value what it holds, else the type itself.
  template <class T>
  static auto element() {
    if constexpr (requires { typename T::value_type; })
      return typename T::value_type{};
    else
      return T{};
  }
  template <class T>
  using Element = decltype(element<T>());
  template <class T>
  static constexpr bool is_choice = Choice<Element<T>>;

  /// The words that a value, or each of a list, may be; none if it may be any.
  template <class T>
  static std::vector<std::string> choices() {
    std::vector<std::string> words;
    if constexpr (is_choice<T>)
      for (const auto& entry : names(Element<T>{})) words.emplace_back(entry.name);
    else if constexpr (std::is_same_v<T, bool>)
      words = {"on", "off"};
    return words;
  }

  template <class T>
  static std::string expected() {
    if (!is_choice<T>) return Value<T>::words();
    return (std::is_same_v<T, std::vector<Element<T>>> ? "a list of " : "one of ") +
           Value<Element<T>>::words();
  }
  /// A suggestion for the first word that is no choice.
  template <class T>
  static std::string nearest(const std::string& text) {
    if (!is_choice<T>) return "";
    for (const std::string& word : split_list(text))
      if (std::ranges::count(choices<T>(), word) == 0) return suggestion(word, choices<T>());
    return "";
  }

  std::string group_ = "Options";
  std::vector<Option> list_;
  std::vector<std::function<void()>> checks_;
};

}  // namespace robmask
