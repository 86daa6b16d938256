#pragma once
// JSON files: config.json and other small documents. Key order is kept.

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

#include "data/files/input_file.h"

namespace robmask {

using Json = nlohmann::ordered_json;

/// Parses `text`; InputError names `source` and the line that is not JSON, a key that comes twice,
/// or nesting deeper than 64.
Json parse_json(std::string_view text, const std::string& source);

/// parse_json of a file of at most 64 MiB.
Json read_json(const Path& path);

/// Writes `json` with two spaces of indentation, atomically. NaN and infinities become null.
void write_json(const Path& path, const Json& json);

}  // namespace robmask
