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
  if (s.save_adversarial.empty()) return;
  adversarial_ = std::make_unique<AdversarialFile>(dtype_of(s.common), *images_);
  if (s.resume) warn("--save-adversarial: attacks start anew, since a journal keeps no images");
}

void Evaluation::judge(const LoadedModel& model, const std::string& name, const Json& extra) {
  check_fit(*model.model, images_->split(), settings_.common.data);
  Judge judge(settings_, name, model, *images_, journal_, adversarial_.get());
  const std::vector<Cell> cells = judge.cells();
  require(!adversarial_ || (cells.size() == 1 && results_.empty()),
          "--save-adversarial: expected one combination of mask, attack and ε, got {}",
          results_.size() + cells.size());
  for (const Cell& cell : cells) {
    Json result = judge.run(cell);
    for (const auto& [key, value] : extra.items()) result[key] = value;
    text_ += fmt::format(
        "{}{:<6} {:<6} {:<5} eps {:<8} clean {:6.2f} %   robust {:6.2f} % [{:.2f}, {:.2f}]   n "
        "{}\n",
        extra.contains("p") ? fmt::format("p {:<5} ", extra["p"].get<double>()) : "",
        fmt::format("u({})", cell.mask), to_string(cell.plan.attack), to_string(cell.plan.norm),
        cell.eps.text, 100 * result["clean_accuracy"].get<double>(),
        100 * result["robust_accuracy"].get<double>(), 100 * result["interval"][0].get<double>(),
        100 * result["interval"][1].get<double>(), result["n"].get<Index>());
    results_.push_back(std::move(result));
  }
  per_image_.columns = judge.per_image().columns;
  for (const CsvRow& row : judge.per_image().rows) per_image_.rows.push_back(row);
  model_ = model.info.spec.name;
}

void Evaluation::finish() {
  if (!settings_.per_image.empty()) write_csv(settings_.per_image, per_image_);
  if (adversarial_) adversarial_->write(settings_.save_adversarial);
  print_result(settings_.common, {{"model", model_}, {"results", results_}}, text_);
  journal_.remove();
}

}  // namespace robmask
