#include "tools/robmask/evaluation_report.h"

#include <algorithm>
#include <numeric>

#include "data/corruptions.h"
#include "data/files/atomic_file.h"
#include "data/files/file_kind.h"
#include "data/files/fingerprint.h"
#include "data/onnx/graph.h"
#include "engine/backend.h"
#include "tools/robmask/alike.h"
#include "tools/robmask/comparisons.h"
#include "tools/robmask/corruption_report.h"
#include "tools/robmask/load_data.h"
#include "tools/robmask/options/flags.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/result_text.h"
#include "tools/robmask/robustbench.h"
#include "training/terminal.h"

namespace robmask {

namespace {

constexpr const char* journal_name = "evaluation.journal";

/// The folder of the journal: --out, or that of the weights.
Path folder_of(const EvaluationSettings& s, const Path& from) {
  return s.common.out.empty() ? weights_path(from).parent_path() : Path(s.common.out);
}

Json options_of(EvaluationSettings s) {
  Json all;
  Options options;
  add_options(options, s);
  for (const Option& option : options.list()) all[option.name] = option.write();
  return all;
}

/// All settings that numbers of the report depend on, which models are judged, and on what.
Json journal_settings(const EvaluationSettings& s, const Json& judged) {
  const std::vector<std::string> indifferent = split_list(
      "from,source,threads,batch,out,json,quiet,format,resume,checks,against,per-image,"
      "save-adversarial,save-adversarial-png,robustbench-json,per-class,against-mask,patience");
  Json all = judged;
  all["keeps images"] = s.keeps_images();
  const Json options = options_of(s);
  for (const auto& [name, value] : options.items())
    if (std::ranges::count(indifferent, name) == 0) all[name] = value;
  return all;
}

/// The masks of some combinations, or those that their attacks go through, each once.
template <class Of>
std::vector<double> masks_of(const std::vector<Combination>& combinations, Of mask) {
  std::vector<double> masks;
  for (const Combination& c : combinations)
    if (std::ranges::count(masks, std::invoke(mask, c)) == 0) masks.push_back(std::invoke(mask, c));
  return masks;
}

/// Fewer classes than --targets wants to aim at are all aimed at.
void tell_of_clamped_targets(const std::vector<Combination>& combinations, Index classes) {
  for (const Combination& c : combinations)
    for (const AttackPlan& stage : stages(c.plan)) {
      if (!is_targeted(stage.attack) || stage.targets < classes) continue;
      log("--targets {}: the model has {} classes, {} aims at the {} that are not the label's",
          stage.targets, classes, c.plan.name(), classes - 1);
      return;
    }
}

/// Where the adversarial examples of a transfer were made.
Json source_of(const EvaluationSettings& s, const Combination& c) {
  const std::string& file = s.source.empty() ? s.from : s.source;
  return {{"file", file}, {"mask", c.attacked_mask}, {"weights", weights_identity(file)}};
}

/// The mask that others are paired with, if any.
std::optional<double> reference_mask(const EvaluationSettings& s) {
  if (s.against_mask || s.mask.match || s.mask.values.size() < 2) return s.against_mask;
  return s.mask.values.front();
}

/// InputError if the option is given and there is more than one combination to judge.
void check_single(const EvaluationSettings& s, const std::string& option, const std::string& value,
                  Index models) {
  const std::size_t masks = s.mask.match ? 1 : s.mask.values.size();
  const std::size_t attacks = s.worst_case ? 1 : s.attacks.size();
  const std::size_t combinations = models * masks * attacks * s.eps.size();
  require(value.empty() || combinations == 1,
          "--{}: expected one combination of mask, attack and ε, got {}", option, combinations);
}

/// Before the first judgement: makes --out, or finds out that it, or the folder where `attacks`
/// keep their journal, cannot be written.
void prepare_outputs(const EvaluationSettings& s, const Path& folder, bool attacks) {
  const bool chosen = !s.common.out.empty();
  if (chosen || attacks || !s.corruptions.empty()) require_output_folder("out", folder);
  if (!s.corruptions.empty()) corruptions_in(s.corruptions);  // are there
  if (s.resume && !std::filesystem::exists(folder / journal_name))
    tell_of_new_start(folder, "journal of an interrupted evaluation");
  if (chosen) std::filesystem::create_directories(folder);  // files may be asked for in it
  require_output_file("per-image", s.per_image, {".csv", ".txt"});
  require_output_file("robustbench-json", s.robustbench_json, {".json", ".txt"});
  require_output_file("save-adversarial", s.save_adversarial, {".npy"});
  if (!s.save_pictures.empty()) {
    require_output_folder("save-adversarial-png", s.save_pictures);
    require(!std::filesystem::exists(Path(s.save_pictures) / "test"),
            "--save-adversarial-png {}: expected a folder without images, it holds test/; choose "
            "another",
            s.save_pictures);
  }
}

}  // namespace

std::string weights_identity(const std::filesystem::path& from, const std::string& option) {
  const auto path = weights_path(from);
  require(std::filesystem::exists(path),
          "--{} {}: expected a weights file or a run directory, found neither", option,
          from.string());
  std::string identity = fingerprint(path);
  if (ending_of(path) == ".onnx")
    for (const Path& beside : onnx::read(path).beside) identity += " " + fingerprint(beside);
  return identity;
}

EvaluationReport::EvaluationReport(const EvaluationSettings& s, const Path& from,
                                   const Json& models, Index count)
    : settings_(s),
      folder_(folder_of(s, from)),
      kept_(folder_ / "evaluation.images"),
      processes_(processes()),
      machine_(machine_of(s.common)) {
  check_single(s, "save-adversarial", s.save_adversarial, count);
  check_single(s, "save-adversarial-png", s.save_pictures, count);
  check_single(s, "robustbench-json", s.robustbench_json, count);
  const CheckpointInfo info = read_info(from, overrides_of(s.network));
  data_ = load_data(s.common, s.split, info, s.network.match_classes);
  Split& images = s.split == Part::train ? data_.train : data_.test;
  Json judged = models;
  judged["images"] = images.size();
  judged["pixels and labels"] = images.fingerprint();
  require_alike(processes_, options_of(s), judged, machine_.kernels());
  processes_.first_does([&] {
    journal_.emplace(folder_ / journal_name, journal_settings(s, judged), s.resume, kept_);
    if (!s.against.empty()) other_ = std::make_unique<PairedEvaluation>(s.against);
  });
  images_ = std::make_unique<Images>(machine_, std::move(images));
}

LoadedModel EvaluationReport::load(const std::string& from) const {
  return load_model(from, machine_, maps_of(settings_.common),
                    overrides_of(settings_.network, data_.normalization));
}

void EvaluationReport::doubt(const Doubt& doubt, double mask) {
  warn(fmt::format("mask {}: {}", mask, doubt.text));
  warnings_.push_back({{"check", doubt.check}, {"mask", mask}, {"message", as_flags(doubt.text)}});
}

void EvaluationReport::question(const LoadedModel& from,
                                const std::vector<Combination>& combinations) {
  const Model& model = *from.model;
  std::vector<std::int32_t> ids(std::min<Index>(32, images_->size()));
  std::iota(ids.begin(), ids.end(), 0);
  const Batch batch = images_->batch(model.dtype(), ids);
  const LabelledImages images = images_->labelled(model.dtype());
  const std::vector<double> masks = masks_of(combinations, &Combination::attacked_mask);
  Progress progress("checks", std::ssize(masks), "mask");
  for (Index i = 0; i < std::ssize(masks); ++i) {
    const double mask = masks[i];
    if (const int signal = processes_.largest(interrupted())) throw Interrupted(signal);
    Probe probe{batch.images, batch.labels, settings_.attack.norm, 0};
    for (const Combination& c : combinations)
      if (c.attacked_mask == mask && !c.is_idle()) probe.eps = std::max(probe.eps, c.plan.eps);
    const Classifier logits = model.at(mask);
    predictions(logits(Variable(batch.images)).value(), ids, images);  // are finite
    for (const Doubt& d : doubts_about(logits, probe)) doubt(d, mask);
    if (const auto d = doubt_about_radius(probe.norm, probe.eps)) doubt(*d, mask);
    progress.update(i + 1);
  }
}

void EvaluationReport::question_result(const AttackResult& result, Index classes) {
  const AttackPlan& plan = result.of.plan;
  const auto consider = [&](const std::optional<Doubt>& d) {
    const bool known = d && std::ranges::any_of(warnings_, [&](const Json& w) {
                         return w["mask"] == result.of.mask && w["message"] == as_flags(d->text);
                       });
    if (d && !known) doubt(*d, result.of.mask);
  };
  consider(doubt_about_accuracy(result.correct(), result.n(), classes));
  const bool steady =
      plan.attack == AttackName::pgd || (plan.attack == AttackName::cw && plan.norm == Norm::linf);
  const bool stands_still =
      plan.attack != AttackName::clean && std::ranges::any_of(stages(plan), &AttackPlan::is_idle);
  if (steady || stands_still) consider(doubt_about_reach(plan.steps, *plan.step_size, plan.eps));
  if (result.of.is_idle()) return;
  for (const Verdict& v : result.verdicts) consider(doubt_about_ball(v.perturbation, plan.eps));
  consider(doubt_about_standing(result.robust(), plan.norm, plan.eps, images_->shape(1)));
}

void EvaluationReport::report(const AttackResult& result, const LoadedModel& model) {
  const std::vector<std::int32_t>& labels = images_->split().labels;
  results_.push_back(result_of(result, settings_, model, labels, data_.classes));
  if (settings_.transfers()) results_.back()["source"] = source_of(settings_, result.of);
  const CsvTable table = per_image_table(result, images_->split(), data_.classes);
  per_image_.columns = table.columns;
  per_image_.rows.insert(per_image_.rows.end(), table.rows.begin(), table.rows.end());
  processes_.first_does([&] {
    if (other_) results_.back()["paired"] = other_->against(table);
  });
}

void EvaluationReport::judge(const LoadedModel& model, std::optional<double> p,
                             const LoadedModel* source) {
  const LoadedModel& attacked = source ? *source : model;
  const std::vector<Combination> combinations = combinations_of(settings_, model, attacked);
  if (attacks_.empty()) {
    processes_.first_does([&] {
      prepare_outputs(settings_, folder_,
                      !std::ranges::all_of(combinations, &Combination::is_idle));
      if (settings_.keeps_images())
        adversarial_ =
            std::make_unique<AdversarialFile>(dtype_of(settings_.common), *images_, kept_);
    });
    tell_of_clamped_targets(combinations, model.info.spec.classes);
    tell_of(data_.warnings);
    for (const std::string& warning : data_.warnings)
      warnings_.push_back({{"check", "data"}, {"mask", Json()}, {"message", as_flags(warning)}});
  }
  const std::string name = p ? fmt::format("p {}", *p) : "";
  if (!settings_.corruptions.empty())
    for (const double mask : masks_of(combinations, &Combination::mask)) {
      corruptions_.push_back(
          corruption_report(settings_, name, model, mask, journal(), processes_));
      if (p) corruptions_.back()["p"] = *p;
    }
  if (settings_.checks) question(attacked, combinations);
  ModelEvaluation evaluation(settings_, name, model, attacked, *images_, processes_, journal(),
                             adversarial_.get());
  for (const Combination& combination : combinations) {
    AttackResult& result = attacks_.emplace_back(evaluation.run(combination));
    result.p = p;
    report(result, model);
    if (settings_.checks) question_result(result, model.info.spec.classes);
  }
  info_ = model.info;
}

void EvaluationReport::run(const std::function<void()>& judgements) {
  const auto work = [&] {
    judgements();
    processes_.first_does([&] { finish(); });
  };
  journal_ ? journal_->resumable(work) : work();
}

void EvaluationReport::compare_masks() {
  if (settings_.checks && !settings_.transfers())
    for (const MaskDoubt& d : masked_gradients(attacks_)) doubt(d.doubt, d.mask);
  const std::optional<double> reference = reference_mask(settings_);
  if (!reference) return;
  const std::vector<Json> pairs = mask_pairs(attacks_, *reference);
  for (std::size_t i = 0; i < pairs.size(); ++i)
    if (!pairs[i].empty()) results_[i]["paired_masks"] = pairs[i];
}

void EvaluationReport::finish() {
  compare_masks();
  const Json worst = worst_cases(attacks_);
  Json json{{"model", info_.spec.name}, {"results", results_}};
  if (!worst.empty()) json["worst_case"] = worst;
  if (!corruptions_.empty()) json["corruptions"] = corruptions_;
  json["warnings"] = warnings_;

  if (!settings_.per_image.empty()) write_csv(settings_.per_image, per_image_);
  if (!settings_.save_adversarial.empty()) adversarial_->write_array(settings_.save_adversarial);
  if (!settings_.save_pictures.empty())
    adversarial_->write_pictures(settings_.save_pictures, data_.classes);
  if (!settings_.robustbench_json.empty())
    write_json(settings_.robustbench_json,
               robustbench_entry(results_.front(), info_, settings_.common.data));
  print_result(settings_.common, json, result_text(json, settings_.format, settings_.per_class));
  journal_->remove();  // last: until here, a failure or a kill can be resumed
}

}  // namespace robmask
