#include "tools/robmask/result_csv.h"

#include "data/files/csv.h"
#include "engine/check.h"
#include "tools/robmask/options/value.h"
#include "tools/robmask/text_table.h"

namespace robmask {

namespace {

CsvRow columns_of(const Json& results) {
  CsvRow columns = split_list(
      "model,mask,attack,norm,eps,eps_value,n,clean_accuracy,clean_low,clean_high,robust_accuracy,"
      "robust_low,robust_high,max_perturbation,steps,step_size,start,restarts,seed,statistics,"
      "precision,seconds");
  if (results.front().contains("p")) columns.insert(columns.begin() + 1, "p");
  return columns;
}

double value_of(const Json& eps) {
  Strength strength;
  expect(Value<Strength>::read(eps.get<std::string>(), strength), "eps {} is no number",
         eps.dump());
  return strength.value;
}

}  // namespace

std::string result_csv(const Json& report) {
  const CsvRow columns = columns_of(report["results"]);
  std::string text = csv_line(columns) + "\n";
  for (Json r : report["results"]) {
    r.update({{"model", report["model"]},
              {"eps_value", value_of(r["eps"])},
              {"clean_low", r["clean_interval"][0]},
              {"clean_high", r["clean_interval"][1]},
              {"robust_low", r["interval"][0]},
              {"robust_high", r["interval"][1]}});
    CsvRow row;
    for (const std::string& column : columns) row.push_back(cell_of(r, column));
    text += csv_line(row) + "\n";
  }
  return text;
}

}  // namespace robmask
