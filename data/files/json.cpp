#include "data/files/json.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "data/files/atomic_file.h"
#include "engine/check.h"

namespace robmask {

Json parse_json(std::string_view text, const std::string& source) {
  constexpr int deepest = 64;
  std::vector<std::set<std::string>> open_objects;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    require(depth <= deepest, "{}: expected JSON nested at most {} deep", source, deepest);
    if (event == Event::object_start) open_objects.emplace_back();
    if (event == Event::object_end) open_objects.pop_back();
    if (event == Event::key) {
      const auto& key = value.get_ref<const std::string&>();
      require(open_objects.back().insert(key).second, "{}: the key {} comes twice; keep one",
              source, printable(key));
    }
    return true;
  };
  try {
    return Json::parse(text, check);
  } catch (const Json::parse_error& error) {
    const auto read = text.substr(0, error.byte);
    const auto line = 1 + std::count(read.begin(), read.end(), '\n');
    throw InputError(
        fmt::format("{}: expected JSON, got something else at line {} (byte {}): {}", source, line,
                    error.byte, printable(read.substr(read.size() - std::min(read.size(), 20ul)))));
  } catch (const Json::out_of_range&) {
    throw InputError(fmt::format("{}: expected JSON, got a number too large to hold", source));
  }
}

std::string json_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Index whole_number(const Json& json, Index low, Index high) {
  const bool huge = json.is_number_unsigned() && !std::in_range<Index>(json.get<std::uint64_t>());
  const Index number = json.is_number_integer() && !huge ? json.get<Index>() : low - 1;
  require(low <= number && number <= high, "expected a whole number from {} to {}, got {}", low,
          high, printable(json_line(json)));
  return number;
}

Json read_json(const Path& path) {
  return parse_json(read_text(path, std::uint64_t{64} << 20), path.string());
}

void write_json(const Path& path, const Json& json) {
  write_file(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n');
}

}  // namespace robmask
