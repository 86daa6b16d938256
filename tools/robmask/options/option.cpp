#include "tools/robmask/options/option.h"

namespace robmask {

void Options::flag(const std::string& name, bool& value, const std::string& help) {
  add(name, value, help).flag = true;
  list_.back().help = help;
  list_.back().choices.clear();
}

Option* Options::find(const std::string& name) {
  const auto found =
      std::ranges::find_if(list_, [&](const Option& option) { return option.answers_to(name); });
  return found == list_.end() ? nullptr : &*found;
}

std::string Options::text_of(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "on" : "off";
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  if (!value.is_array()) return value.dump();
  std::string list;
  for (const Json& item : value) list += (list.empty() ? "" : ",") + text_of(item);
  return list;
}

std::vector<std::string> Options::all_names() const {
  std::vector<std::string> names;
  for (const Option& option : list_) names.push_back(option.name);
  return names;
}

}  // namespace robmask
