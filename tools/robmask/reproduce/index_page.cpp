#include "tools/robmask/reproduce/index_page.h"

#include <span>
#include <sstream>

#include "engine/version.h"
#include "tools/robmask/report/page.h"
#include "tools/robmask/report/tables.h"
#include "tools/robmask/report/thumbnail.h"
#include "tools/robmask/reproduce/experiment.h"

namespace robmask::reproduce {

namespace {

/// Beside the style of the report's page: rows have long names here, and pictures a ground of their own.
constexpr std::string_view own_style =
    "h2 { scroll-margin-top: 1rem; }\n"
    "tbody th { white-space: normal; min-width: 9rem; }\n"
    "td:last-child:nth-child(2) { text-align: right; white-space: nowrap; }\n"
    "nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0; }\n"
    "figure { margin: 1rem 0; max-width: 46rem; }\n"
    "figure img { background: none; }\n"
    "section > ul { padding-left: 1.2rem; font-size: .875rem; color: var(--faint); }\n"
    "li { max-width: 46rem; overflow-wrap: anywhere; }\n";

std::string text_of(std::string markdown) {
  for (std::size_t at; (at = markdown.find("\\*")) != std::string::npos;) markdown.erase(at, 1);
  return html_escaped(markdown);
}

/// "| a | b |" as cells of a row, the first of which names it.
std::string row_of(const std::string& line, bool head) {
  std::istringstream cells(line.substr(1));
  std::string row = "<tr>";
  for (std::string cell; std::getline(cells, cell, '|');) {
    const std::size_t first = cell.find_first_not_of(' ');
    cell = first == std::string::npos ? ""
                                      : cell.substr(first, cell.find_last_not_of(' ') + 1 - first);
    const bool name = row == "<tr>";
    const std::string text = text_of(cell);
    row += head   ? "<th scope=\"col\">" + text + "</th>"
           : name ? "<th scope=\"row\">" + text + "</th>"
                  : "<td>" + text + "</td>";
  }
  return row + "</tr>\n";
}

/// "![name](file)" as a picture inside the page, of a file in `folder`, and the line that follows it as
/// its caption.
std::string figure_of(const std::string& line, const std::string& caption, const Path& folder) {
  const std::size_t middle = line.find("](");
  const Path file = folder / line.substr(middle + 2, line.rfind(')') - middle - 2);
  const std::string bytes = read_text(file);
  return fmt::format(
      "<figure><img alt=\"{}\" src=\"data:image/{};base64,{}\"><figcaption>{}</figcaption>"
      "</figure>\n",
      text_of(line.substr(2, middle - 2)), file.extension() == ".svg" ? "svg+xml" : "png",
      base64(std::as_bytes(std::span(bytes))), text_of(caption));
}

}  // namespace

std::string html_of(const std::string& markdown, const Path& folder) {
  enum class Block { none, list, table };
  Block block = Block::none;
  std::string html, line;
  const auto enter = [&](Block next) {
    if (next == block) return false;
    if (block == Block::list) html += "</ul>\n";
    if (block == Block::table) html += "</tbody></table></div>\n";
    block = next;
    return true;
  };
  for (std::istringstream lines(markdown); std::getline(lines, line);) {
    if (line.starts_with("| --- ")) continue;
    if (line.starts_with("|")) {
      const bool head = enter(Block::table);
      if (head)
        html +=
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
            "aria-label=\"Numbers\"><table><thead>\n";
      html += row_of(line, head);
      if (head) html += "</thead><tbody>\n";
    } else if (line.starts_with("- ")) {
      if (enter(Block::list)) html += "<ul>\n";
      html += "<li>" + text_of(line.substr(2)) + "</li>\n";
    } else {
      enter(Block::none);
      if (line.starts_with("# "))
        html += "<h2>" + text_of(line.substr(2)) + "</h2>\n";
      else if (std::string caption; line.starts_with("![") && std::getline(lines, caption))
        html += figure_of(line, caption, folder);
      else if (!line.empty())
        html += "<p>" + text_of(line) + "</p>\n";
    }
  }
  enter(Block::none);
  return html;
}

std::string index_page(const Path& out) {
  std::string links, sections;
  for (const std::string& name : experiment_names()) {
    const Path table = out / name / "table.md";
    if (!std::filesystem::exists(table)) continue;
    links += fmt::format("<li><a href=\"#{0}\">{0}</a></li>\n", name);
    sections += fmt::format("<section id=\"{}\">\n{}</section>\n", name,
                            html_of(read_text(table), out / name));
  }
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>The paper's tables and "
      "figures</title>\n"
      "<link rel=\"icon\" href=\"data:,\">\n<style>\n{}{}</style>\n</head>\n<body>\n"
      "<header><h1>The paper's tables and figures</h1>\n<p class=\"lead\">Our numbers with their "
      "intervals, in parentheses the paper's. What is missing is named below its "
      "table.</p></header>\n"
      "<nav aria-label=\"Tables and figures\"><ul>\n{}</ul></nav>\n<main>\n{}</main>\n"
      "<footer><p>Written by robmask {}.</p></footer>\n</body>\n</html>\n",
      assets::style_css, own_style, links, sections, version);
}

}  // namespace robmask::reproduce
