#pragma once
// JSON files: config.json and other small documents. Key order is kept.

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

#include "data/files/input_file.h"
#include "engine/shape.h"

namespace robmask {

using Json = nlohmann::ordered_json;

/// Parses `text`; InputError names `source` and the line that is not JSON, a key that comes twice,
/// or nesting deeper than 64.
Json parse_json(std::string_view text, const std::string& source);

/// On one line. What is no UTF-8, as a file's name may be, becomes U+FFFD; NaN and infinities null.
std::string json_line(const Json& json);

/// A number from `low` to `high`; InputError, which does not know the file, for anything else.
Index whole_number(const Json& json, Index low, Index high);

/// parse_json of a file of at most 64 MiB.
Json read_json(const Path& path);

/// Writes `json` with two spaces of indentation, atomically. NaN and infinities become null.
void write_json(const Path& path, const Json& json);

}  // namespace robmask
