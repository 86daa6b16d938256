#include "tools/robmask/model_evaluation.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/shard_sum.h"
#include "training/terminal.h"

namespace robmask {

namespace {

Json entry_of(const Verdict& v) {
  return {v.image,        v.robust,    to_string(v.broken_by), v.restart, v.iteration,
          v.perturbation, v.prediction};
}

/// What entry_of() noted. InputError, or Json's exceptions, for what it cannot have.
Verdict verdict_from(const Json& entry, Index images, Index classes) {
  constexpr Index most = std::numeric_limits<Index>::max();
  const Index image = whole_number(entry.at(0), 0, images - 1);
  const double perturbation = entry.at(5).is_null() ? NAN : entry.at(5).get<double>();
  require(!(perturbation < 0), "image {}: a perturbation of {}", image, perturbation);
  return {.image = static_cast<std::int32_t>(image),
          .clean = true,
          .robust = entry.at(1).get<bool>(),
          .broken_by = from_string<AttackName>(entry.at(2).get<std::string>()),
          .restart = whole_number(entry.at(3), -1, most),
          .iteration = whole_number(entry.at(4), -1, most),
          .perturbation = perturbation,
          .prediction = whole_number(entry.at(6), -1, classes - 1)};
}

class Stopwatch {
 public:
  /// Seconds since it was made or asked last.
  double lap() {
    const auto before = std::exchange(last_, Clock::now());
    return std::chrono::duration<double>(last_ - before).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_ = Clock::now();
};

double percentage(Index hits, Index n) {
  return 100 * static_cast<double>(hits) / static_cast<double>(n);
}

/// Over all images that a stage handed out: the largest perturbation, and the pixels' extremes.
struct Extremes {
  double perturbation = 0, low = 1, high = 0;
  Index nans = 0;

  void take(const PerImage<Verdict>& verdicts, const Tensor& x_adv) {
    for (const auto& [image, v] : verdicts) perturbation = std::max(perturbation, v.perturbation);
    for (const double pixel : x_adv.to_doubles()) {
      nans += std::isnan(pixel);
      low = std::min(low, pixel);
      high = std::max(high, pixel);
    }
  }
};

/// The stages of one combination on their way through journal, files, progress and log.
class Course {
 public:
  Course(AttackResult& result, const std::string& name, Index classes, Journal* journal,
         AdversarialFile* adversarial)
      : result_(result),
        plans_(stages(result.of.plan)),
        name_(name),
        classes_(classes),
        journal_(journal),
        adversarial_(adversarial) {
    result_.stage_seconds.assign(plans_.size(), 0.0);
  }

  Hooks hooks() {
    return {.begin = [this](Index stage, const auto& images) { return begin(stage, images); },
            .finish = [this](Index stage, const auto& verdicts,
                             const Tensor& x_adv) { finish(stage, verdicts, x_adv); },
            .end = [this](Index stage, const auto& standing) { end(stage, standing); },
            .shares = [this](Index stage, const auto& finished) { tell_shares(stage, finished); },
            .on_look = [this](const Looks& looks) { look(looks); },
            .warn = warn};
  }
  /// The combination is done.
  void conclude() { result_.seconds += whole_.lap(); }

 private:
  std::string key(Index stage) const {
    const Combination& c = result_.of;
    return fmt::format("{}|mask {}|{}|{}|eps {}", name_, c.mask, c.plan.name(),
                       to_string(plans_[stage].attack), plans_[stage].eps);
  }

  /// Takes the images of a stage, and the seconds they took, from the journal. InputError if they
  /// are not among those that it attacks.
  PerImage<Verdict> begin(Index stage, const std::vector<std::int32_t>& images) {
    PerImage<Verdict> known;
    std::vector<std::int32_t> ids;
    double& seconds = result_.stage_seconds[stage];
    journal_->recall(key(stage), [&](const Json& noted) {
      const double lap = noted.at("seconds").get<double>();
      require(lap >= 0, "an attack of {} seconds", lap);
      seconds += lap;
      for (const Json& entry : noted.at("images")) {
        const Verdict v = verdict_from(entry, result_.n(), classes_);
        require(std::ranges::binary_search(images, v.image) && known.emplace(v.image, v).second,
                "image {} is not one that was attacked", v.image);
        ids.push_back(v.image);
      }
    });
    result_.seconds += seconds;
    if (adversarial_) adversarial_->recall(ids);
    done_ = std::ssize(known);
    const Index all = std::ssize(images);
    progress_.emplace(fmt::format("{} {}, mask {}", to_string(plans_[stage].attack),
                                  result_.of.eps.text, result_.of.mask),
                      all, "image", done_);
    if (done_ < all) journal_->begin();
    seen_ = {};
    stage_.lap();
    return known;
  }

  void finish(Index stage, const PerImage<Verdict>& verdicts, const Tensor& x_adv) {
    std::vector<std::int32_t> ids;
    Json entries = Json::array();
    for (const auto& [image, v] : verdicts) {
      ids.push_back(image);
      entries.push_back(entry_of(v));
    }
    seen_.take(verdicts, x_adv);
    if (adversarial_) adversarial_->put(ids, x_adv);
    const double lap = stage_.lap();
    result_.stage_seconds[stage] += lap;
    journal_->add(key(stage), {{"seconds", lap}, {"images", entries}});
    done_ += std::ssize(ids);
    worked_ = true;
  }

  void look(const Looks& looks) {
    show(looks);
    stop_if_interrupted();
  }

  void show(const Looks& looks) {
    if (!progress_) return;
    progress_->update(
        done_, fmt::format("robust so far {:.2f} %", percentage(result_.robust(), result_.n())),
        {looks.done, looks.most_left});
  }

  void tell_shares(Index stage, const std::vector<Index>& finished) {
    show({});
    log("{}: images by process: {}", to_string(plans_[stage].attack), fmt::join(finished, ", "));
  }

  /// Says what fra31/auto-attack logs: "robust accuracy after APGD-CE: 52.30% (total time 10.3 s)".
  void end(Index stage, const std::vector<std::int32_t>& standing) {
    progress_.reset();
    if (std::exchange(worked_, false)) {
      result_.stage_seconds[stage] += stage_.lap();
      log("max {} perturbation: {:.5f}, nan in tensor: {}, max: {:.5f}, min: {:.5f}",
          plans_[stage].norm == Norm::linf ? "Linf" : "L2", seen_.perturbation, seen_.nans,
          seen_.high, seen_.low);
    }
    result_.seconds += whole_.lap();
    if (plans_.size() == 1) return;
    std::string name = to_string(plans_[stage].attack);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
    log("robust accuracy after {}: {:.2f}% (total time {:.1f} s)", name,
        percentage(std::ssize(standing), result_.n()), result_.seconds);
  }

  AttackResult& result_;
  std::vector<AttackPlan> plans_;
  const std::string& name_;
  Index classes_;
  Journal* journal_;  // of the first process, and all that goes with it
  AdversarialFile* adversarial_;
  Stopwatch whole_, stage_;
  // Of the stage that runs: how many images are finished, some of them by this run.
  Index done_ = 0;
  bool worked_ = false;
  std::optional<Progress> progress_;
  Extremes seen_;
};

}  // namespace

ModelEvaluation::ModelEvaluation(const EvaluationSettings& settings, const std::string& name,
                                 const LoadedModel& model, const LoadedModel& source,
                                 const Images& images, Processes& processes, Journal* journal,
                                 AdversarialFile* adversarial)
    : settings_(settings),
      name_(name),
      model_(model),
      source_(source),
      images_(images.labelled(model.model->dtype())),
      processes_(processes),
      journal_(journal),
      adversarial_(adversarial) {}

const Verdicts& ModelEvaluation::clean(double p) {
  const auto [at, fresh] = clean_.try_emplace(p);
  if (!fresh) return at->second;
  const Index own = shards_of(images_.count(), processes_.rank(), processes_.count()).count();
  Progress progress(fmt::format("clean, mask {}", p), own, "image");
  const auto on_batch = [&](Index done) {
    progress.update(done);
    stop_if_interrupted();
  };
  return at->second = clean_verdicts(model_.model->at(p), images_, settings_.batch, on_batch, warn,
                                     several(processes_));
}

AttackResult ModelEvaluation::run(const Combination& c) {
  AttackResult result{.of = c};
  Course course(result, name_, model_.info.spec.classes, journal_, adversarial_);
  result.verdicts = clean(c.mask);
  auto& broken = broken_[{c.mask, c.plan.name()}];
  if (settings_.reuse_broken)
    for (const auto& [image, v] : broken) result.verdicts[image] = v;
  result.reused = settings_.reuse_broken ? std::ssize(broken) : 0;
  const Evaluation evaluation{
      .plan = c.plan,
      .attacked = source_.model->at(c.attacked_mask),
      .judged = settings_.transfers() ? model_.model->at(c.mask) : Classifier(),
      .quantize = settings_.quantize.has_value(),
      .batch = settings_.batch,
      .seed = settings_.common.seed,
      .processes = several(processes_)};
  attack(result.verdicts, evaluation, images_, course.hooks());
  course.conclude();
  for (const Verdict& v : result.verdicts)
    if (v.clean && !v.robust) broken.emplace(v.image, v);
  return result;
}

}  // namespace robmask
