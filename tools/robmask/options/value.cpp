#include "tools/robmask/options/value.h"

namespace robmask {

namespace {

constexpr Range probability = from_to(0, 1);

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::string Range::words() const {
  if (std::isfinite(low) && std::isfinite(high)) return fmt::format(", from {} to {}", low, high);
  if (std::isfinite(low)) return fmt::format(", at least {}", low);
  return {};
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  for (std::size_t comma = 0; comma != std::string_view::npos; text.remove_prefix(comma + 1)) {
    comma = text.find(',');
    items.emplace_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) break;
  }
  return items;
}

bool Value<bool>::read(std::string_view text, bool& value) {
  value = text == "on" || text == "true";
  return value || text == "off" || text == "false";
}

bool Value<Strength>::read(std::string_view text, Strength& strength) {
  const auto slash = text.find('/');
  double above = 0, below = 1;
  if (!Value<double>::read(text.substr(0, slash), above)) return false;
  if (slash != std::string_view::npos && !Value<double>::read(text.substr(slash + 1), below))
    return false;
  strength = {above / below, std::string(text)};
  return below > 0 && std::isfinite(strength.value);
}

bool Value<std::optional<Strength>>::read(std::string_view text, std::optional<Strength>& value) {
  value.reset();
  return text == "eps/5" || text == "ε/5" || Value<Strength>::read(text, value.emplace());
}

bool Value<StrengthChoice>::read(std::string_view text, StrengthChoice& choice) {
  using Kind = StrengthChoice::Kind;
  choice = {};
  if (text == "random") return true;
  choice.kind = text == "per-image" ? Kind::per_image : Kind::fixed;
  if (choice.kind == Kind::per_image) return true;
  return Value<double>::read(text, choice.value) && probability.holds(choice.value);
}

Json Value<StrengthChoice>::write(const StrengthChoice& choice) {
  switch (choice.kind) {
    case StrengthChoice::Kind::random: return "random";
    case StrengthChoice::Kind::per_image: return "per-image";
    case StrengthChoice::Kind::fixed: return choice.value;
  }
  return {};
}

bool Value<MaskList>::read(std::string_view text, MaskList& masks) {
  masks.match = text == "match";
  return masks.match || (Value<std::vector<double>>::read(text, masks.values) &&
                         in_range(probability, masks.values));
}

bool Value<Tune>::read(std::string_view text, Tune& tune) {
  tune = {.gamma = false, .beta = false, .stats = false};
  for (const std::string& item : split_list(text)) {
    if (item == "gamma") {
      tune.gamma = true;
    } else if (item == "beta") {
      tune.beta = true;
    } else if (item == "stats") {
      tune.stats = true;
    } else {
      return false;
    }
  }
  return true;
}

Json Value<Tune>::write(const Tune& tune) {
  Json list = Json::array();
  if (tune.gamma) list.push_back("gamma");
  if (tune.beta) list.push_back("beta");
  if (tune.stats) list.push_back("stats");
  return list;
}

}  // namespace robmask
