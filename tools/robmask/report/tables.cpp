#include "tools/robmask/report/tables.h"

#include "tools/robmask/options/option.h"

namespace robmask {

namespace {

std::string per_cent(const Json& share) {
  return fmt::format("{:.1f} %", 100 * share.get<double>());
}

std::string interval(const Json& ends) {
  return fmt::format("{:.1f} – {:.1f}", 100 * ends[0].get<double>(), 100 * ends[1].get<double>());
}

/// A table in a box that scrolls sideways, also with the keyboard. `head` and `rows` are HTML.
std::string table(std::string_view caption, const std::vector<std::string>& head,
                  const std::string& rows) {
  std::string columns;
  for (const std::string& name : head) columns += "<th scope=\"col\">" + name + "</th>";
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table>"
      "<caption>{0}</caption>\n<thead><tr>{1}</tr></thead>\n<tbody>\n{2}</tbody></table></div>\n",
      caption, columns, rows);
}

std::string row(const std::string& name, const std::vector<std::string>& cells) {
  std::string text = "<tr><th scope=\"row\">" + name + "</th>";
  for (const std::string& cell : cells) text += "<td>" + cell + "</td>";
  return text + "</tr>\n";
}

/// The likeliest class and, by a sign, whether it is the label.
std::string guess(const Json& likely, const Json& label, const Json& classes) {
  const Json& best = likely[0];
  return fmt::format("{} {} {}", best[0] == label ? "✓" : "✗",
                     html_escaped(classes[best[0].get<std::size_t>()].get<std::string>()),
                     per_cent(best[1]));
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string safe;
  for (const char letter : text) switch (letter) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      default: safe += letter;
    }
  return safe;
}

std::string accuracy_table(const Json& results, const std::string& data) {
  const Json& any = results[0];  // all were measured alike
  const std::string caption =
      fmt::format("Accuracy at each mask: first {} test images of {}, PGD-{} at ε = {} ({})",
                  any["n"].dump(), html_escaped(data), any["steps"].dump(),
                  html_escaped(any["eps"].get<std::string>()), any["norm"] == "l2" ? "L2" : "L∞");
  std::string rows;
  for (const Json& r : results)
    rows += row(fmt::format("{}", r["mask"].get<double>()),
                {per_cent(r["clean_accuracy"]), interval(r["clean_interval"]),
                 per_cent(r["robust_accuracy"]), interval(r["interval"]), r["n"].dump()});
  return table(caption, {"mask p", "clean", "95 % interval", "robust", "95 % interval", "images"},
               rows);
}

std::string prediction_table(const Json& samples, const Json& classes) {
  std::vector<std::string> head{"image"};
  for (const Json& mask : samples["masks"])
    head.push_back(fmt::format("p = {}", mask["p"].get<double>()));
  std::string rows;
  for (std::size_t i = 0; i < samples["images"].size(); ++i) {
    const Json& label = samples["images"][i]["label"];
    std::vector<std::string> cells;
    for (const Json& mask : samples["masks"]) {
      const Json& seen = mask["images"][i];
      const Json& attacked = seen["attacked"];
      cells.push_back(guess(seen["clean"], label, classes) + "<br>" +
                      (attacked.is_null()
                           ? "not attacked"
                           : "attacked: " + guess(attacked["likely"], label, classes)));
    }
    rows += row(fmt::format("{}: {}", i,
                            html_escaped(classes[label.get<std::size_t>()].get<std::string>())),
                cells);
  }
  return table("Predictions on the sample images", head, rows);
}

std::string log_table(const CsvTable& log) {
  std::vector<std::string> head;
  for (const std::string& name : log.columns) head.push_back(html_escaped(name));
  std::string rows;
  for (const CsvRow& fields : log.rows) {
    std::vector<std::string> cells;
    for (const std::string& field : fields) cells.push_back(html_escaped(field));
    rows += row(cells.front(), {cells.begin() + 1, cells.end()});
  }
  return table("Training, epoch by epoch", head, rows);
}

std::string settings_table(const Json& config) {
  std::string rows;
  for (const auto& [name, value] : config.items())
    rows += row(html_escaped(name), {html_escaped(Options::text_of(value))});
  return table("Settings", {"option", "value"}, rows);
}

}  // namespace robmask
