#include "tools/robmask/result_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "engine/shape.h"

namespace robmask {

namespace {

double per_cent(const Json& share) { return 100 * share.get<double>(); }

std::string interval_text(const Json& interval) {
  return fmt::format("[{:.2f}, {:.2f}]", per_cent(interval[0]), per_cent(interval[1]));
}

/// "p 0.5   u(1)" of interpolate and mask.
std::string model_text(const Json& r) {
  return fmt::format("{}{:<6}",
                     r.contains("p") ? fmt::format("p {:<5} ", r["p"].get<double>()) : "",
                     fmt::format("u({})", r["mask"].get<double>()));
}

std::string accuracy_text(const Json& r) {
  return fmt::format("{:<5} eps {:<8} clean {:6.2f} %   robust {:6.2f} % {}   n {}\n",
                     r["norm"].get<std::string>(), r["eps"].get<std::string>(),
                     per_cent(r["clean_accuracy"]), per_cent(r["robust_accuracy"]),
                     interval_text(r["interval"]), r["n"].get<Index>());
}

std::string pairs_text(const Json& pairs) {
  std::string text;
  for (const Json& pair : pairs)
    text += fmt::format(
        "  against u({}){}: {} images robust here only, {} there only, McNemar p {:.3g}\n",
        pair["mask"].get<double>(),
        pair.contains("p") ? fmt::format(", p {}", pair["p"].get<double>()) : "",
        pair["robust_here_only"].get<Index>(), pair["robust_there_only"].get<Index>(),
        pair["p_value"].get<double>());
  return text;
}

/// The different values of a field, in the order they come.
std::vector<Json> values_of(const Json& results, const char* field) {
  std::vector<Json> values;
  for (const Json& r : results)
    if (std::ranges::count(values, r[field]) == 0) values.push_back(r[field]);
  return values;
}

}  // namespace

std::string result_text(const Json& r) {
  std::string text =
      fmt::format("{} {:<10} {}", model_text(r), r["attack"].get<std::string>(), accuracy_text(r));
  if (r.contains("source"))
    text += fmt::format("  attacked images made on {} u({})\n",
                        r["source"]["file"].get<std::string>(), r["source"]["mask"].get<double>());
  for (const Json& stage : r.value("stages", Json::array()))
    text += fmt::format("  robust accuracy after {}: {:.2f} % {}  {:.1f} s\n",
                        stage["attack"].get<std::string>(), per_cent(stage["robust_accuracy"]),
                        interval_text(stage["interval"]), stage["seconds"].get<double>());
  return text + pairs_text(r.value("paired_masks", Json::array())) +
         pairs_text(r.value("paired", Json::array()));
}

std::string worst_case_text(const Json& worst_cases) {
  std::string text;
  for (const Json& r : worst_cases)
    text += fmt::format("{} worst case {}  of {}\n", model_text(r),
                        std::string_view(accuracy_text(r)).substr(0, accuracy_text(r).size() - 1),
                        fmt::join(r["attacks"].get<std::vector<std::string>>(), ", "));
  return text;
}

std::string grid_text(const Json& results) {
  const std::vector<Json> masks = values_of(results, "mask"), strengths = values_of(results, "eps");
  if (masks.size() < 2 || strengths.size() < 2 || results[0].contains("p")) return {};
  std::string text;
  for (const Json& attack : values_of(results, "attack")) {
    text += fmt::format("\n{:<10} mask p    clean", attack.get<std::string>());
    for (const Json& eps : strengths) text += fmt::format("{:>9}", eps.get<std::string>());
    text += "   (robust accuracy in %)\n";
    for (const Json& mask : masks) {
      std::string row, clean;
      for (const Json& eps : strengths) {
        const auto cell = std::ranges::find_if(results, [&](const Json& r) {
          return r["attack"] == attack && r["mask"] == mask && r["eps"] == eps;
        });
        const bool there = cell != results.end();  // with --mask match not all are
        if (there) clean = fmt::format("{:.2f}", per_cent((*cell)["clean_accuracy"]));
        row += fmt::format(
            "{:>9}", there ? fmt::format("{:.2f}", per_cent((*cell)["robust_accuracy"])) : "");
      }
      text += fmt::format("{:>17} {:>8}{}\n", mask.get<double>(), clean, row);
    }
  }
  return text;
}

std::string per_class_text(const Json& results) {
  std::string text;
  for (const Json& r : results) {
    text += fmt::format("\n{} {} eps {}: class, images, clean, robust [95 % interval]\n",
                        model_text(r), r["attack"].get<std::string>(), r["eps"].get<std::string>());
    for (const Json& c : r["per_class"])
      text += fmt::format("  {:<16} {:>6} {:>8.2f} % {:>8.2f} % {}\n",
                          c.value("name", std::to_string(c["class"].get<Index>())),
                          c["n"].get<Index>(), per_cent(c["clean_accuracy"]),
                          per_cent(c["robust_accuracy"]), interval_text(c["interval"]));
  }
  return text;
}

std::string corruptions_text(const Json& corruptions) {
  std::string text;
  for (const Json& entry : corruptions) {
    text += fmt::format("\n{} corruption (accuracy in %, severities 1 to 5, n {})\n",
                        model_text(entry), entry["n"].get<Index>());
    for (const Json& row : entry["corruptions"]) {
      text += fmt::format("  {:<20}", row["corruption"].get<std::string>());
      for (const Json& accuracy : row["accuracy"])
        text += fmt::format("{:>8.2f}", per_cent(accuracy));
      text += fmt::format("   mean {:.2f}\n", per_cent(row["mean_accuracy"]));
    }
    text += fmt::format("  mean over all: {:.2f} %\n", per_cent(entry["mean_accuracy"]));
  }
  return text;
}

}  // namespace robmask
