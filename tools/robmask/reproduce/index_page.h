#pragma once
// The page to look at: every table and figure that a folder holds.

#include <string>

#include "data/files/input_file.h"

namespace robmask::reproduce {

/// One self-contained HTML page of the experiments that have left a table in `out`, in the paper's
/// order: their table.md with the pictures it names.
std::string index_page(const Path& out);

/// The Markdown of table.md in `folder` as HTML: headings, paragraphs, lists, tables, pictures and \*.
std::string html_of(const std::string& markdown, const Path& folder);

}  // namespace robmask::reproduce
