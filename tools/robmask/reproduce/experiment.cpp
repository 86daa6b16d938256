#include "tools/robmask/reproduce/experiment.h"

#include "engine/check.h"
#include "tools/robmask/options/suggestion.h"
#include "tools/robmask/reproduce/experiments.h"

namespace robmask::reproduce {

Training finetuned(const Training& base, const std::string& method, const std::string& tune) {
  Training training = base;
  training.method = method;
  training.options = {"--tune", tune};
  training.base = std::make_shared<const Training>(base);
  return training;
}

const Cell& cell_of(const Experiment& e, const std::string& row, const std::string& column) {
  for (const Cell& cell : e.cells)
    if (cell.row == row && cell.column == column) return cell;
  throw RunError(fmt::format("{} has no cell {}, {}", e.name, row, column));
}

std::string Cell::name() const { return slug(row) + "." + slug(column); }

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all{
      table1(), table2(),  table3(),  table4(),  table5(), table6(), table7(),    table8(),
      table9(), figure1(), figure3(), figure4(), claims(), grid(),   ablations(), tradeoff()};
  return all;
}

std::vector<std::string> experiment_names() {
  std::vector<std::string> names;
  for (const Experiment& e : experiments()) names.push_back(e.name);
  return names;
}

const Experiment& experiment(const std::string& name) {
  for (const Experiment& e : experiments())
    if (e.name == name) return e;
  const std::vector<std::string> names = experiment_names();
  throw InputError(fmt::format("reproduce: expected one of {}, got \"{}\"{}",
                               fmt::join(names, ", "), name, suggestion(name, names)));
}

std::string slug(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const bool upper = 'A' <= c && c <= 'Z';
    const bool kept = upper || ('a' <= c && c <= 'z') || ('0' <= c && c <= '9') || c == '.';
    if (kept)
      result += static_cast<char>(upper ? c - 'A' + 'a' : c);
    else if (!result.empty() && result.back() != '-')
      result += '-';
  }
  while (result.ends_with('-')) result.pop_back();
  return result;
}

}  // namespace robmask::reproduce
