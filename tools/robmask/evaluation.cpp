#include "tools/robmask/evaluation.h"

#include "engine/backend.h"
#include "tools/robmask/session.h"
#include "training/manners.h"

namespace robmask {

namespace {

std::filesystem::path journal_path(const EvaluateSettings& s, const std::filesystem::path& from) {
  const std::filesystem::path folder =
      s.common.out.empty() ? weights_path(from).parent_path() : std::filesystem::path(s.common.out);
  if (!folder.empty()) std::filesystem::create_directories(folder);
  return folder / "evaluation.journal";
}

/// A result as a line of text, and one more for each result it is paired with.
std::string line_of(const Json& r) {
  const auto per_cent = [](const Json& share) { return 100 * share.get<double>(); };
  std::string text = fmt::format(
      "{}{:<6} {:<6} {:<5} eps {:<8} clean {:6.2f} %   robust {:6.2f} % [{:.2f}, {:.2f}]   n {}\n",
      r.contains("p") ? fmt::format("p {:<5} ", r["p"].get<double>()) : "",
      fmt::format("u({})", r["mask"].get<double>()), r["attack"].get<std::string>(),
      r["norm"].get<std::string>(), r["eps"].get<std::string>(), per_cent(r["clean_accuracy"]),
      per_cent(r["robust_accuracy"]), per_cent(r["interval"][0]), per_cent(r["interval"][1]),
      r["n"].get<Index>());
  for (const Json& pair : r.value("paired", Json::array()))
    text += fmt::format(
        "  against u({}){}: {} images robust here only, {} there only, McNemar p {:.3g}\n",
        pair["mask"].get<double>(),
        pair.contains("p") ? fmt::format(", p {}", pair["p"].get<double>()) : "",
        pair["robust_here_only"].get<Index>(), pair["robust_there_only"].get<Index>(),
        pair["p_value"].get<double>());
  return text;
}

}  // namespace

std::string weights_identity(const std::filesystem::path& from) {
  const auto path = weights_path(from);
  require(std::filesystem::exists(path),
          "--from {}: expected a weights file or a run directory, "
          "found neither",
          from.string());
  return fmt::format("{} {}", path.string(),
                     std::filesystem::last_write_time(path).time_since_epoch().count());
}

Evaluation::Evaluation(const EvaluateSettings& s, const std::filesystem::path& from)
    : settings_(s), machine_(machine_of(s.common)), journal_(journal_path(s, from), s.resume) {
  ChosenSplit chosen = load_split(s.common, s.split);
  overrides_ = overrides_of(s.model, chosen.normalization);
  images_ = std::make_unique<Images>(machine_, std::move(chosen.images));
  if (!s.against.empty()) other_ = std::make_unique<PairedEvaluation>(s.against);
  if (s.save_adversarial.empty()) return;
  adversarial_ = std::make_unique<AdversarialFile>(dtype_of(s.common), *images_);
  if (s.resume) warn("--save-adversarial: attacks start anew, since a journal keeps no images");
}

Json Evaluation::result_of(Judge& judge, const Cell& cell, std::optional<double> p) {
  const std::size_t rows_before = judge.per_image().rows.size();
  Json result = judge.run(cell);
  if (p) result["p"] = *p;
  if (other_) {
    const std::span<const CsvRow> rows(judge.per_image().rows);
    result["paired"] = other_->against(judge.per_image().columns, rows.subspan(rows_before));
  }
  return result;
}

void Evaluation::judge(const LoadedModel& model, const std::string& name, std::optional<double> p) {
  check_fit(*model.model, images_->split(), settings_.common.data);
  Judge judge(settings_, name, model, *images_, journal_, adversarial_.get());
  const std::vector<Cell> cells = judge.cells();
  require(!adversarial_ || (cells.size() == 1 && results_.empty()),
          "--save-adversarial: expected one combination of mask, attack and ε, got {}",
          results_.size() + cells.size());
  for (const Cell& cell : cells) {
    results_.push_back(result_of(judge, cell, p));
    text_ += line_of(results_.back());
  }
  per_image_.columns = judge.per_image().columns;
  if (p) per_image_.columns.insert(per_image_.columns.begin(), "p");
  for (CsvRow row : judge.per_image().rows) {
    if (p) row.insert(row.begin(), fmt::format("{}", *p));
    per_image_.rows.push_back(std::move(row));
  }
  model_ = model.info.spec.name;
}

void Evaluation::finish() {
  if (!settings_.per_image.empty()) write_csv(settings_.per_image, per_image_);
  if (adversarial_) adversarial_->write(settings_.save_adversarial);
  print_result(settings_.common, {{"model", model_}, {"results", results_}}, text_);
  journal_.remove();
}

}  // namespace robmask
