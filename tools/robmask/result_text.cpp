#include "tools/robmask/result_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/files/csv.h"
#include "data/imagenet.h"
#include "engine/check.h"
#include "tools/robmask/options/value.h"
#include "tools/robmask/text_table.h"

namespace robmask {

namespace {

using Cells = std::vector<std::string>;

std::string interval_text(const Json& interval) {
  return fmt::format("[{:>5}, {:>6}]", per_cent(interval[0]), per_cent(interval[1]));
}

std::string seconds_text(const Json& entry) {
  return entry.contains("seconds") ? fmt::format("{:.1f}", entry["seconds"].get<double>()) : "";
}

/// "p 0.5, mask 1"
std::string model_text(const Json& entry) {
  const std::string mask = "mask " + cell_of(entry, "mask");
  return entry.contains("p") ? fmt::format("p {}, {}", cell_of(entry, "p"), mask) : mask;
}

bool same_model(const Json& a, const Json& b) {
  return a["mask"] == b["mask"] && a.value("p", Json()) == b.value("p", Json());
}

/// A row of accuracies: `asked` says what was done to which model, `found` what came of it.
void add_row(TextTable& table, const Json& asked, const std::string& attack, const Json& found) {
  table.rows.push_back({cell_of(asked, "p"), cell_of(asked, "mask"), attack, cell_of(asked, "norm"),
                        cell_of(asked, "eps"),
                        cell_of(asked.value("source", Json::object()), "mask"),
                        per_cent(found["robust_accuracy"]), interval_text(found["interval"]),
                        cell_of(asked, "n"), seconds_text(found)});
}

/// The clean accuracy of a model, above what attacks leave of it.
void add_clean(TextTable& table, Json r) {
  const Json found{{"robust_accuracy", r["clean_accuracy"]}, {"interval", r["clean_interval"]}};
  for (const char* of_attacks : {"norm", "eps", "source"}) r.erase(of_attacks);
  add_row(table, r, "clean", found);
}

void add_attack(TextTable& table, const Json& r, const std::string& name) {
  add_row(table, r, name, r);
  for (const Json& stage : r.value("stages", Json::array()))
    add_row(table, r, "after " + cell_of(stage, "attack"), stage);
}

void note(TextTable& table, const std::string& line) {
  if (std::ranges::count(table.notes, line) == 0) table.notes.push_back(line);
}

void add_model(TextTable& table, const Json& model, const Json& results, const Json& worst_cases) {
  add_clean(table, model);
  for (const Json& r : results) {
    if (!same_model(r, model) || r["attack"] == "clean") continue;
    add_attack(table, r, cell_of(r, "attack"));
    if (r.contains("source"))
      note(table, "attacked images were made on " + cell_of(r["source"], "file"));
  }
  for (const Json& worst : worst_cases) {
    if (!same_model(worst, model)) continue;
    const auto attacks = worst["attacks"].get<Cells>();
    const std::string name = fmt::format("worst of {}", attacks.size());
    add_attack(table, worst, name);
    note(table, fmt::format("{}: what withstands each of {}", name, fmt::join(attacks, ", ")));
  }
}

TextTable accuracy_table(const Json& results, const Json& worst_cases) {
  TextTable table{{},
                  {"p", "mask", "attack", "norm", "eps", "source mask", "accuracy %",
                   "95 % interval", "images", "seconds"},
                  {}};
  for (auto r = results.begin(); r != results.end(); ++r)
    if (std::none_of(results.begin(), r,
                     [&](const Json& before) { return same_model(*r, before); }))
      add_model(table, *r, results, worst_cases);
  return table;
}

void add_pair(TextTable& table, const Json& r, const std::string& against, const Json& pair) {
  table.rows.push_back({cell_of(r, "p"), cell_of(r, "mask"), cell_of(r, "attack"),
                        cell_of(r, "norm"), cell_of(r, "eps"), against,
                        cell_of(pair, "robust_here_only"), cell_of(pair, "robust_there_only"),
                        fmt::format("{:.3g}", pair["p_value"].get<double>())});
}

TextTable pair_table(const Json& results) {
  TextTable table{"Paired by McNemar's exact test",
                  {"p", "mask", "attack", "norm", "eps", "against", "robust here only",
                   "there only", "p-value"},
                  {}};
  for (const Json& r : results) {
    for (const Json& pair : r.value("paired_masks", Json::array()))
      add_pair(table, r, model_text(pair), pair);
    for (const Json& pair : r.value("paired", Json::array()))
      add_pair(table, r, "file: " + model_text(pair), pair);
  }
  return table;
}

TextTable class_table(const Json& r) {
  TextTable table{fmt::format("{}, {}, {} {}", model_text(r), cell_of(r, "attack"),
                              cell_of(r, "norm"), cell_of(r, "eps")),
                  {"class", "images", "clean %", "robust %", "95 % interval"},
                  {}};
  for (const Json& c : r["per_class"])
    table.rows.push_back({class_title(cell_of(c, c.contains("name") ? "name" : "class")),
                          cell_of(c, "n"), per_cent(c["clean_accuracy"]),
                          per_cent(c["robust_accuracy"]), interval_text(c["interval"])});
  return table;
}

TextTable corruption_table(const Json& entry) {
  TextTable table{fmt::format("{}: accuracy in % by severity of a corruption, {} images each",
                              model_text(entry), cell_of(entry, "n")),
                  {"corruption", "1", "2", "3", "4", "5", "mean"},
                  {}};
  for (const Json& row : entry["corruptions"]) {
    Cells& cells = table.rows.emplace_back(Cells{cell_of(row, "corruption")});
    for (const Json& accuracy : row["accuracy"]) cells.push_back(per_cent(accuracy));
    cells.push_back(per_cent(row["mean_accuracy"]));
  }
  table.rows.push_back({"mean over all", "", "", "", "", "", per_cent(entry["mean_accuracy"])});
  return table;
}

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

/// Each result as a row under a header.
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

}  // namespace

std::string result_text(const Json& report, Format format, bool per_class) {
  if (format == Format::csv) return result_csv(report);
  const Json& results = report["results"];
  std::vector<TextTable> tables{accuracy_table(results, report.value("worst_case", Json::array())),
                                pair_table(results)};
  for (const Json& r : results)
    if (per_class) tables.push_back(class_table(r));
  for (const Json& entry : report.value("corruptions", Json::array()))
    tables.push_back(corruption_table(entry));
  std::string text;
  for (const TextTable& table : tables) {
    const std::string own = format == Format::markdown ? as_markdown(table) : as_text(table);
    text += (text.empty() || own.empty() ? "" : "\n") + own;
  }
  return text;
}

}  // namespace robmask
