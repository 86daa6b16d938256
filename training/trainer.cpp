#include "training/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "data/batches.h"
#include "engine/replay.h"
#include "training/accuracy.h"

namespace robmask {

namespace {

constexpr Index evaluation_batch = 250;
/// Iterations between two looks at the loss. A GPU works on while nobody looks; a CPU does not.
Index look_every(const Backend& machine) { return machine.name() == "cpu" ? 1 : 8; }

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double learning_rate(const TrainSettings& s, Index epoch) {
  return s.schedule == Schedule::cosine ? cosine_rate(s.lr, epoch, s.epochs) : s.lr;
}

/// "epoch 3/20: loss 1.2345, test accuracy 61.20 % at mask 0 and 45.10 % at mask 1, the best so far:
/// kept as model-best.safetensors, 4:05:10 left"
std::string epoch_line(const EpochSummary& e, Index epochs, bool masks, bool best,
                       const Progress& progress) {
  std::string line = fmt::format("epoch {}/{}: loss {:.4f}", e.epoch + 1, epochs, e.train_loss);
  if (e.test_acc)
    line += fmt::format(", test accuracy {:.2f} %{}", 100 * *e.test_acc, masks ? " at mask 0" : "");
  if (masks && e.test_acc_mask_max)
    line += fmt::format(" and {:.2f} % at mask 1", 100 * *e.test_acc_mask_max);
  if (best) line += fmt::format(", the best so far: kept as {}", best_model_name);
  if (const auto left = progress.seconds_left(); left && *left > 0)
    line += fmt::format(", {} left", duration_text(*left));
  return line;
}

}  // namespace

/// An iteration over batches of one size, whose shards are put where their steps look for them. The
/// last batch of an epoch may be smaller and has its own.
struct Trainer::Iteration {
  std::vector<Shard> shards;
  Replay run;
  bool recorded = false;  // or about to be

  Iteration(Trainer& t, Index images)
      : shards(t.step_.shards_of(images)),
        run(
            t.trained_.model.machine(), [this, &t] { t.step_(shards, t.totals_); },
            t.settings_.replay) {
    for (Shard& shard : shards) {
      if (shard.images.count() == 0) continue;
      const Batch room = t.splits_.train.room(t.trained_.model.dtype(), shard.images.count());
      shard.batch.images = room.images;
      shard.batch.labels = room.labels;
      shard.batch.ids = room.ids;
    }
  }

  /// In all processes alike: a transfer is in a graph at both of its ends, or at neither.
  void operator()(ShardedStep& step) {
    if (!recorded && run.records()) recorded = step.all_say(run.ready());
    run(recorded);
  }
};

Trainer::Trainer(const TrainSettings& settings, const TrainedModel& trained,
                 const DataSplits& splits, const RunFolder& folder, Processes& processes)
    : settings_(settings),
      trained_(trained),
      splits_(splits),
      folder_(folder),
      processes_(processes),
      images_{splits.train.size(), splits.train.split().fingerprint()},
      totals_(trained.model.machine()),
      step_(trained, settings, processes) {
  require(settings.keep != KeepWeights::best || splits.test.size() > 0,
          "`keep`: best expects test images to choose by, `data` has none");
  const Index last = splits.train.size() % settings.batch;
  require(
      !settings.sync_bn || last == 0 || last >= settings.shards,
      "`sync-bn`: the last batch of an epoch has {} images, fewer than {} `shards`: choose another "
      "`batch`",
      last, settings.shards);
}
Trainer::~Trainer() = default;

Trainer::Iteration& Trainer::iteration_of(Index images) {
  auto& iteration = iterations_[images];
  if (!iteration) iteration = std::make_unique<Iteration>(*this, images);
  return *iteration;
}

/// Are all iterations done?
bool Trainer::trained() const {
  return state_.epoch >= settings_.epochs || (settings_.steps && state_.step >= *settings_.steps);
}

/// And is the epoch they ended in evaluated and logged?
bool Trainer::finished() const {
  const bool open = state_.batch > 0 && (!logged_ || logged_->epoch < state_.epoch);
  return trained() && !open;
}

void Trainer::fill_and_run(Iteration& iteration, std::span<const std::int32_t> ids) {
  const TrainSettings& s = settings_;
  const Images::Augmentation augmentation{s.seed, state_.epoch, state_.step};
  for (const Shard& shard : iteration.shards) {
    const auto own = ids.subspan(shard.images.first, shard.images.count());
    if (own.empty()) continue;
    splits_.train.fill(shard.batch, own, s.augment == Augment::crop_flip ? &augmentation : nullptr);
    step_.prepare(state_.step, shard, {own.begin(), own.end()});
  }
  iteration(step_);
}

/// Tries half of the batch, a quarter and so on; 0 if not even one image fits. Afterwards the model
/// is of no use.
Index Trainer::batch_that_fits(std::span<const std::int32_t> ids) {
  iterations_.clear();
  for (std::size_t images = ids.size() / 2; images > 0; images /= 2) {
    trained_.model.machine().pool()->trim();
    try {
      Iteration trial(*this, static_cast<Index>(images));
      fill_and_run(trial, ids.first(images));
      return static_cast<Index>(images);
    } catch (const OutOfMemory&) {
      continue;
    }
  }
  return 0;
}

void Trainer::iterate(std::span<const std::int32_t> ids) {
  try {
    fill_and_run(iteration_of(static_cast<Index>(ids.size())), ids);
  } catch (const OutOfMemory& error) {
    if (processes_.count() > 1) throw;  // the others do not try smaller ones
    const Index fits = batch_that_fits(ids);
    throw OutOfMemory(fmt::format(
        "{}; {}", error.what(),
        fits > 0 ? fmt::format("`batch` {} would fit", fits)
                 : "not even one image a batch fits: use a smaller model or another device"));
  }
  ++state_.step;
  ++state_.batch;
  state_.images += static_cast<Index>(ids.size());
}

RunError Trainer::diverged(const std::string& what) const {
  return RunError(fmt::format(
      "{} is not finite after iteration {}: the run has diverged; {}; try a smaller `lr`", what,
      state_.step,
      state_.generation > 0 ? fmt::format("the last checkpoint in {} is kept", folder_.dir.string())
                            : "it has written no checkpoint"));
}

/// Nothing else may go into a checkpoint. Reads back the whole model.
void Trainer::check_finite() const {
  if (!std::isfinite(totals_.loss.item())) throw diverged("the loss");
  for (const Entry& e : trained_.model.entries()) {
    if (e.role == Role::tracked) continue;
    for (const double v : e.variable.value().to_doubles())
      if (!std::isfinite(v)) throw diverged(e.name);
  }
}

void Trainer::tell(Progress& progress, const std::string& what) const {
  progress.update(state_.step,
                  fmt::format("epoch {}/{} {}", state_.epoch + 1, settings_.epochs, what));
}

void Trainer::train_epoch(Progress& progress) {
  const TrainSettings& s = settings_;
  const Index look = look_every(trained_.model.machine());
  Batches batches(splits_.train.size(), s.batch, s.shuffle, s.seed);
  const double started = seconds_now() - state_.seconds;
  trained_.sgd.set_rate(learning_rate(s, state_.epoch));
  while (state_.batch < batches.count() && !trained()) {
    iterate(batches.at(static_cast<std::uint64_t>(state_.epoch), state_.batch));
    state_.seconds = seconds_now() - started;
    if (state_.step % look == 0 || state_.batch == batches.count()) {
      const double loss = totals_.loss.item();
      if (!std::isfinite(loss)) throw diverged("the loss");
      tell(progress, fmt::format("loss {:.4f}", loss / static_cast<double>(state_.images)));
      stop_together();
    }
    if (processes_.count() == 1) stop_if_interrupted();
  }
}

/// Where all processes are after the same iteration: a signal to one of them is to all.
void Trainer::stop_together() const {
  if (const int signal = processes_.largest(interrupted())) throw Interrupted(signal);
}

EpochSummary Trainer::end_epoch(Progress& progress) {
  const auto stoppable = [&](const std::string& what) {
    tell(progress, what);
    return [this, &progress, what](Index done) {
      tell(progress, fmt::format("{}, {} images", what, done));
      stop_if_interrupted();
    };
  };
  check_finite();
  read_totals();
  const auto n = static_cast<double>(std::max<Index>(state_.images, 1));
  EpochSummary summary{.epoch = state_.epoch,
                       .lr = learning_rate(settings_, state_.epoch),
                       .train_loss = state_.loss / n,
                       .loss_clean = state_.loss_clean / n,
                       .loss_adv = state_.loss_adv / n,
                       .train_acc = state_.hits / n,
                       .seconds = state_.seconds};
  if (splits_.test.size() > 0) {
    const auto at = [&](double p) {
      return accuracy(trained_.model, p, splits_.test, evaluation_batch,
                      stoppable(fmt::format("testing mask {}", p)), processes_);
    };
    summary.test_acc = at(0);
    summary.test_acc_mask_max = trained_.model.spec().masks > 1 ? at(1) : *summary.test_acc;
  }
  probe_overfitting(summary, trained_.model, splits_.train, settings_, processes_,
                    [&](const Looks&) {
                      tell(progress, "probing for overfitting");
                      stop_if_interrupted();
                    });
  tell(progress, fmt::format("loss {:.4f}", summary.train_loss));
  return summary;
}

EpochSummary Trainer::run() {
  const TrainSettings& s = settings_;
  const Index batches = Batches(splits_.train.size(), s.batch, s.shuffle, s.seed).count();
  const Index total = std::min(s.epochs * batches, s.steps.value_or(s.epochs * batches));
  Progress progress("training", total, "iteration", state_.step);
  processes_.first_does([this] { mend(); });
  while (!finished()) {
    try {
      train_epoch(progress);
      logged_ = end_epoch(progress);
    } catch (const Interrupted&) {
      check_finite();
      save_checkpoint();
      progress.finish();
      log_line(fmt::format("stopped after iteration {}; `resume` `out` {} goes on from there",
                           state_.step, folder_.dir.string()));
      throw;
    }
    processes_.first_does([&] {
      append_epoch(log_path(), *logged_);
      if (s.tensorboard) append_events(events_path(), *logged_);
    });
    const bool whole = state_.batch == batches, best = whole && keep_best();
    log_line(epoch_line(*logged_, s.epochs, trained_.model.spec().masks > 1, best, progress));
    if (whole) {
      state_ = {.generation = state_.generation, .epoch = state_.epoch + 1, .step = state_.step};
      totals_.reset();
    }
    save_checkpoint();
  }
  progress.finish();
  return last_row();
}

}  // namespace robmask
