#include <array>
#include <iterator>
#include <vector>

#include "data/files/json.h"
#include "tests/fuzz/mutators.h"

namespace robmask::fuzz {

namespace {

/// Every value of a document, in some order.
void collect(Json& value, std::vector<Json*>& all) {
  all.push_back(&value);
  if (value.is_structured())
    for (Json& member : value) collect(member, all);
}

std::size_t below(Random& random, std::size_t count) { return random() % count; }

const Json& odd_value(Random& random) {
  static const Json values = Json::parse(R"([null, true, false, 0, -1, 1, 2, 3, 7, 255, 1000,
      65536, 2147483648, 4294967296, 9223372036854775807, 9223372036854775808,
      18446744073709551615, -9223372036854775808, 0.5, -0.0, 1e-320, 1e300, 1e308, "", "0", "-1",
      "nan", "inf", "1e999", "8/255", "1/0", "a\nb", "\u0000", "\ud83d\ude00", "../x", [], {},
      [0], [[]], [null], {"a": 0}, "F16", "BF16", "F64", "I64", "U8", "split", "advprop"])");
  return values[below(random, values.size())];
}

/// One change to `value`, whose place is among `all` of a document.
void change(Json& value, const std::vector<Json*>& all, Random& random) {
  switch (below(random, 6)) {
    case 0: value = odd_value(random); break;
    case 1: value = Json(*all[below(random, all.size())]); break;
    case 2:  // one member less
      if (value.is_structured() && !value.empty())
        value.erase(std::next(value.begin(), static_cast<Index>(below(random, value.size()))));
      break;
    case 3:  // one more, of another name where there are names
      if (value.is_array()) value.push_back(odd_value(random));
      if (value.is_object() && !value.empty()) {
        const auto twin = std::next(value.begin(), static_cast<Index>(below(random, value.size())));
        std::string name = other_bytes(twin.key(), twin.key().size() + 8, random);
        value[name] = Json(twin.value());
      }
      break;
    case 4:  // close by
      if (value.is_number_unsigned() && value > 0) value = value.get<std::uint64_t>() - 1;
      if (value.is_number_float()) value = -value.get<double>();
      if (value.is_string())
        value =
            other_bytes(value.get<std::string>(), value.get_ref<std::string&>().size() + 8, random);
      break;
    default:
      if (value.is_number_unsigned()) value = value.get<std::uint64_t>() + 1;
      if (value.is_array() && value.size() > 1) std::swap(value.front(), value.back());
  }
}

}  // namespace

std::string other_json(std::string text, std::size_t most, Random& random) {
  Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded() || below(random, 5) == 0) return other_bytes(text, most, random);
  for (std::size_t changes = 1 + below(random, 2) * below(random, 2); changes > 0; --changes) {
    std::vector<Json*> all;
    collect(document, all);
    change(*all[below(random, all.size())], all, random);
  }
  text = json_line(document);
  text.resize(std::min(text.size(), most));
  return text;
}

std::string other_json_lines(std::string text, std::size_t most, Random& random) {
  std::vector<std::string> lines(1);
  for (const char c : text) c == '\n' ? void(lines.emplace_back()) : lines.back().push_back(c);
  const std::size_t place = below(random, lines.size());
  const auto at = lines.begin() + static_cast<Index>(place);
  switch (below(random, 8)) {
    case 0: lines.insert(at, lines[below(random, lines.size())]); break;
    case 1: lines.erase(at); break;
    case 2: std::swap(*at, lines[below(random, lines.size())]); break;
    default: *at = other_json(*at, most, random);
  }
  text = fmt::to_string(fmt::join(lines, "\n"));
  text.resize(std::min(text.size(), most));
  return text;
}

}  // namespace robmask::fuzz
