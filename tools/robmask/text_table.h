#pragma once
// A table for people, in a terminal or pasted into a page.

#include <string>
#include <vector>

#include "data/files/json.h"

namespace robmask {

struct TextTable {
  std::string title;                           // the line above, if any
  std::vector<std::string> head;               // a name a column
  std::vector<std::vector<std::string>> rows;  // a cell a column, which may be empty
  std::vector<std::string> notes = {};         // lines below
};

/// A field of a JSON object as a cell: text as it is, numbers in their shortest form, nothing for
/// null or what is not there.
std::string cell_of(const Json& object, const std::string& field);
/// A share as a percentage of two decimals.
std::string per_cent(const Json& share);

/// Columns two spaces apart, those of numbers flush right. A column without content is left out,
/// and of a table without rows nothing is left.
std::string as_text(const TextTable& table);
/// The same columns as GitHub's Markdown.
std::string as_markdown(const TextTable& table);

}  // namespace robmask
