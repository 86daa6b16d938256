#pragma once
// The page: a template, a style sheet and scripts, which lie beside this file and are built into
// the binary, filled with the figures.

#include <string>
#include <string_view>

#include "data/files/json.h"

namespace robmask {

/// The HTML of a report, complete in itself: nothing is loaded from anywhere.
///
///   {"program": "robmask 0.1.0",
///    "runs": [{"name", "model", "classes", "config", "results", "samples",
///              "log": {column: numbers}}]}
///
/// `tables` is the HTML of the runs' tables. No text in `report` can end the script that holds it.
/// `watched` says what still goes on in a page that loads itself again; empty for one that does not.
std::string html_page(const Json& report, const std::string& tables,
                      const std::string& watched = {});

/// The files that the Makefile turns into strings.
namespace assets {
extern const std::string_view page_html, style_css, charts_js, page_js, experiments_txt;
}

}  // namespace robmask
