#include <span>

#include "engine/version.h"
#include "tools/robmask/report/page.h"
#include "tools/robmask/report/tables.h"
#include "tools/robmask/report/thumbnail.h"
#include "tools/robmask/reproduce/table.h"

namespace robmask::reproduce {
namespace {

/// Beside the style of the report's page: rows have long names here, and pictures a ground of their
/// own.
constexpr std::string_view own_style =
    "h2 { scroll-margin-top: 1rem; }\n"
    "tbody th { white-space: normal; min-width: 9rem; }\n"
    "td:last-child:nth-child(2) { text-align: right; white-space: nowrap; }\n"
    "nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0; }\n"
    "figure { margin: 1rem 0; max-width: 46rem; }\n"
    "figure img { background: none; }\n"
    "section > ul { padding-left: 1.2rem; font-size: .875rem; color: var(--faint); }\n"
    "li { max-width: 46rem; overflow-wrap: anywhere; }\n";

std::string table_html(const Table& rows) {
  std::string head, body;
  for (const auto& row : rows) {
    std::string& part = &row == &rows[0] ? head : body;
    part += "<tr>";
    for (const std::string& text : row) {
      const char* tag = &part == &head     ? "th scope=\"col\""
                        : &text == &row[0] ? "th scope=\"row\""
                                           : "td";
      part += fmt::format("<{}>{}</{:.2}>", tag, html_escaped(text), tag);
    }
    part += "</tr>\n";
  }
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Numbers\"><table><thead>\n"
      "{}</thead><tbody>\n{}</tbody></table></div>\n",
      head, body);
}

/// The picture itself is inside the page.
std::string figure_html(const Path& file, const std::string& caption) {
  const std::string bytes = read_text(file);
  return fmt::format(
      "<figure><img alt=\"{}\" src=\"data:image/{};base64,{}\"><figcaption>{}</figcaption>"
      "</figure>\n",
      html_escaped(file.stem().string()), file.extension() == ".svg" ? "svg+xml" : "png",
      base64(std::as_bytes(std::span(bytes))), html_escaped(caption));
}

std::string content(const Document& d, const Path& folder) {
  std::string html = "<h2>" + html_escaped(d.title) + "</h2>\n";
  for (const auto& text : d.paragraphs) html += "<p>" + html_escaped(text) + "</p>\n";
  for (const auto& table : d.tables) html += table_html(table);
  for (const auto& [file, caption] : d.figures) html += figure_html(folder / file, caption);
  html += "<ul>\n";
  for (const auto& note : d.notes) html += "<li>" + html_escaped(note) + "</li>\n";
  return html + "</ul>\n";
}

}  // namespace

std::string index_page(const Path& out, const std::string& experiment, const Document& document) {
  const Path page = out / "index.html";
  const std::string before = std::filesystem::exists(page) ? read_text(page) : "";
  std::string links, sections;
  for (const Experiment& e : experiments()) {
    const std::string begin = "<section id=\"" + e.name + "\">\n", end = "</section>\n";
    const std::size_t at = before.find(begin);
    if (e.name == experiment)
      sections += begin + content(document, out / e.name) + end;
    else if (at != std::string::npos && std::filesystem::exists(out / e.name / "table.md"))
      sections += before.substr(at, before.find(end, at) - at) + end;
    else
      continue;
    links += fmt::format("<li><a href=\"#{0}\">{0}</a></li>\n", e.name);
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
