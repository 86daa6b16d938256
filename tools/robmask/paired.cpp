#include "tools/robmask/paired.h"

#include <algorithm>

#include "engine/check.h"
#include "tools/robmask/attack_result.h"
#include "tools/robmask/options/value.h"
#include "training/terminal.h"

namespace robmask {

namespace {

/// What tells one result from another in a per-image table.
CsvRow key_of(const CsvTable& table, const CsvRow& row, const std::string& source) {
  CsvRow key;
  for (const char* name : {"mask", "attack", "norm", "eps"})
    key.push_back(row[table.column(name, source)]);
  if (std::ranges::count(table.columns, "p") > 0) key.push_back(row[table.column("p", source)]);
  return key;
}

/// A mask or p as JSON.
Json number_of(const std::string& field, const std::string& source) {
  Json number = parse_json(field, source);
  require(number.is_number(), "{}: expected a number in columns mask and p, got {}", source,
          printable(field));
  return number;
}

}  // namespace

PairedEvaluation::Result PairedEvaluation::result_of(const CsvRow& columns,
                                                     std::span<const CsvRow> rows,
                                                     const std::string& source) {
  const CsvTable header{columns, {}};
  const auto at = [&](const char* name) { return header.column(name, source); };
  const CsvRow& first = rows.front();
  Result result{first[at("attack")], first[at("norm")], first[at("mask")], "", 0, {}};
  if (std::ranges::count(columns, "p") > 0) result.p = first[at("p")];
  Strength eps;
  require(Value<Strength>::read(first[at("eps")], eps), "{}: expected an ε such as 8/255, got {}",
          source, printable(first[at("eps")]));
  result.eps = eps.value;
  const std::size_t image = at("image"), label = at("label"), robust = at("robust");
  for (const CsvRow& row : rows) {
    require(row[robust] == "0" || row[robust] == "1",
            "{}: expected 0 or 1 in column robust, got {}", source, printable(row[robust]));
    result.flags.images.push_back(row[image] + ", label " + row[label]);
    result.flags.robust.push_back(row[robust] == "1");
  }
  return result;
}

PairedEvaluation::PairedEvaluation(const Path& per_image) : source_(per_image.string()) {
  const CsvTable table = read_csv(per_image);
  const std::span<const CsvRow> rows(table.rows);
  for (std::size_t first = 0, end; first < rows.size(); first = end) {
    const CsvRow key = key_of(table, rows[first], source_);
    end = first + 1;
    while (end < rows.size() && key_of(table, rows[end], source_) == key) ++end;
    results_.push_back(result_of(table.columns, rows.subspan(first, end - first), source_));
  }
}

Json PairedEvaluation::against(const CsvRow& columns, std::span<const CsvRow> rows) const {
  const Result here = result_of(columns, rows, "the per-image table");
  Json pairs = Json::array();
  for (const Result& there : results_) {
    if (there.attack != here.attack || there.norm != here.norm || there.eps != here.eps) continue;
    require(
        there.flags.images == here.flags.images,
        "--against {}: expected results for the same images, {} of them with the same labels; got "
        "{} others",
        source_, here.flags.images.size(), there.flags.images.size());
    Json pair{{"mask", number_of(there.mask, source_)}};
    if (!there.p.empty()) pair["p"] = number_of(there.p, source_);
    pair.update(paired_test(here.flags.robust, there.flags.robust));
    pairs.push_back(std::move(pair));
  }
  if (pairs.empty())
    warn(fmt::format("--against {}: nothing there to pair with attack {}, {}, eps {}", source_,
                     here.attack, here.norm,
                     rows.front()[CsvTable{columns, {}}.column("eps", "")]));
  return pairs;
}

}  // namespace robmask
