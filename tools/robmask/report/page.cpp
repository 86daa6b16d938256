#include "tools/robmask/report/page.h"

#include <algorithm>
#include <map>

#include "engine/check.h"
#include "tools/robmask/report/tables.h"

namespace robmask {

namespace {

/// JSON inside a script element: "<" only occurs in strings, where \u003c means the same, and
/// without it no text can end the element.
std::string embedded(const Json& json) {
  std::string safe;
  for (const char letter : json_line(json)) letter == '<' ? safe += "\\u003c" : safe += letter;
  return safe;
}

std::string title_of(const Json& runs) {
  std::string title = "robmask report:";
  for (const Json& run : runs)
    title += (run == runs.front() ? " " : ", ") + run["name"].get<std::string>();
  return html_escaped(title);
}

/// What is true of the page: has a network several masks to choose from?
std::string heading_of(const Json& runs) {
  const bool choice =
      std::ranges::any_of(runs, [](const Json& run) { return run["results"].size() > 1; });
  return choice ? "One network, many masks" : "One network, one mask";
}

constexpr int reload_seconds = 5;

std::string reload_of(const std::string& watched) {
  if (watched.empty()) return "";
  return fmt::format("<meta http-equiv=\"refresh\" content=\"{}\">\n", reload_seconds);
}

std::string watched_of(const std::string& watched) {
  if (watched.empty()) return "";
  return fmt::format(
      "<p class=\"watched\">Still training: {}. This page loads itself again every {} seconds. "
      "Curves, log and settings are up to date; the rest is measured anew from time to time.</p>\n",
      html_escaped(watched), reload_seconds);
}

}  // namespace

std::string html_page(const Json& report, const std::string& tables, const std::string& watched) {
  const std::map<std::string_view, std::string> parts{
      {"reload", reload_of(watched)},
      {"watched", watched_of(watched)},
      {"title", title_of(report["runs"])},
      {"heading", heading_of(report["runs"])},
      {"style", std::string(assets::style_css)},
      {"script", std::string(assets::charts_js) + std::string(assets::page_js)},
      {"data", embedded(report)},
      {"tables", tables},
      {"program", html_escaped(report["program"].get<std::string>())}};
  std::string page;
  std::string_view rest = assets::page_html;
  for (std::size_t open; (open = rest.find("{{")) != std::string_view::npos;) {
    const std::size_t close = rest.find("}}", open);
    const auto part = parts.find(rest.substr(open + 2, close - open - 2));
    expect(close != std::string_view::npos && part != parts.end(),
           "page.html has an unknown part at byte {}", rest.data() - assets::page_html.data());
    page.append(rest.substr(0, open)).append(part->second);
    rest.remove_prefix(close + 2);
  }
  return page.append(rest);
}

}  // namespace robmask
