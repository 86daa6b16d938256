#pragma once
// The figures of a run as HTML tables, for readers without JavaScript and for screen readers.

#include <string>
#include <string_view>

#include "data/files/json.h"
#include "tools/robmask/report/run_files.h"

namespace robmask {

/// Text as it stands between tags and in quoted attributes.
std::string html_escaped(std::string_view text);

/// Clean and robust accuracy with 95 % intervals, and on what they were measured; a row for each
/// entry of evaluate's "results".
std::string accuracy_table(const Json& results, const std::string& data);

/// The most likely class of each sample image, clean and attacked, at each mask (samples.h).
std::string prediction_table(const Json& samples, const Json& classes);

/// log.csv as it is.
std::string log_table(const CsvTable& log);

/// config.json: a row for each setting.
std::string settings_table(const Json& config);

}  // namespace robmask
