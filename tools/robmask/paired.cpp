#include "tools/robmask/paired.h"

#include <algorithm>

#include "engine/check.h"
#include "tools/robmask/attack_result.h"
#include "tools/robmask/options/value.h"
#include "training/terminal.h"

namespace robmask {

namespace {

/// A mask or p as JSON.
Json number_of(const std::string& field, const std::string& source) {
  Json number = parse_json(field, source);
  require(number.is_number(), "{}: expected a number in columns mask and p, got {}", source,
          printable(field));
  return number;
}

}  // namespace

std::vector<PairedEvaluation::Result> PairedEvaluation::results_of(const CsvTable& table,
                                                                   const std::string& source) {
  const bool has_p = std::ranges::count(table.columns, "p") > 0;
  std::vector<Result> results;
  for (const CsvRow& row : table.rows) {
    const auto at = [&](const char* name) { return row[table.column(name, source)]; };
    const Key of{.mask = at("mask"),
                 .attack = at("attack"),
                 .norm = at("norm"),
                 .eps = at("eps"),
                 .p = has_p ? at("p") : ""};
    if (results.empty() || results.back().of != of) {
      Strength eps;
      require(Value<Strength>::read(of.eps, eps), "{}: expected an ε such as 8/255, got {}", source,
              printable(of.eps));
      results.push_back({.of = of, .eps = eps.value});
    }
    const std::string robust = at("robust");
    require(robust == "0" || robust == "1", "{}: expected 0 or 1 in column robust, got {}", source,
            printable(robust));
    results.back().images.push_back(at("image") + ", label " + at("label"));
    results.back().robust.push_back(robust == "1");
  }
  return results;
}

PairedEvaluation::PairedEvaluation(const Path& per_image)
    : source_(per_image.string()), results_(results_of(read_csv(per_image), source_)) {}

Json PairedEvaluation::against(const CsvTable& result) const {
  const Result here = results_of(result, "the per-image table").front();
  Json pairs = Json::array();
  for (const Result& there : results_) {
    if (there.of.attack != here.of.attack || there.of.norm != here.of.norm || there.eps != here.eps)
      continue;
    require(
        there.images == here.images,
        "--against {}: expected results for the same images, {} of them with the same labels; got "
        "{} others",
        source_, here.images.size(), there.images.size());
    Json pair{{"mask", number_of(there.of.mask, source_)}};
    if (!there.of.p.empty()) pair["p"] = number_of(there.of.p, source_);
    pair.update(paired_test(here.robust, there.robust));
    pairs.push_back(std::move(pair));
  }
  if (pairs.empty())
    warn(fmt::format("--against {}: nothing there to pair with attack {}, {}, eps {}", source_,
                     here.of.attack, here.of.norm, here.of.eps));
  return pairs;
}

}  // namespace robmask
