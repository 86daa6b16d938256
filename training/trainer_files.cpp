// What a trainer keeps in its run's folder, and how it goes on from there.

#include "data/files/csv.h"
#include "training/trainer.h"

namespace robmask {

void Trainer::read_totals() {
  state_.loss = totals_.loss.item();
  state_.loss_clean = totals_.loss_clean.item();
  state_.loss_adv = totals_.loss_adv.item();
  state_.hits = totals_.hits.item();
}

void Trainer::save_checkpoint() {
  read_totals();
  ++state_.generation;
  // The state holds all that a run needs to go on. Each file is renamed into place; a run killed
  // between the two resumes from the state, so the pair need not be atomic.
  processes_.first_does([this] {
    write_safetensors(folder_.dir / "state.safetensors",
                      state_file(trained_.model, trained_.sgd, state_, images_));
    save_model(folder_.dir / "model.safetensors", trained_.model, folder_.info, state_.generation);
  });
}

/// Of whole epochs only: one that --steps ended may be gone on with, and be better or worse then.
/// Comes before the state that knows the epoch: what a kill between the two leaves is written again.
bool Trainer::keep_best() {
  if (settings_.keep != KeepWeights::best) return false;
  const BestEpoch now{logged_->epoch, logged_->test_acc.value()};
  if (best_ && now.test_accuracy <= best_->test_accuracy) return false;
  best_ = now;
  processes_.first_does([this] { save_best(best_path(), trained_.model, folder_.info, *best_); });
  return true;
}

void Trainer::resume() {
  const SafeTensors file = read_safetensors(folder_.dir / "state.safetensors");
  state_ = read_progress(file, {settings_.epochs, settings_.batch, images_});
  restore(file, trained_.model, trained_.sgd);
  for (const auto& [tensor, value] : {std::pair{totals_.loss, state_.loss},
                                      {totals_.loss_clean, state_.loss_clean},
                                      {totals_.loss_adv, state_.loss_adv},
                                      {totals_.hits, state_.hits}})
    tensor.machine().fill(tensor, value);
  const std::vector<EpochSummary> logged = logged_epochs(log_path(), last_logged());
  if (!logged.empty()) logged_ = logged.back();
  if (settings_.keep == KeepWeights::best) best_ = best_before(best_path(), state_.epoch);
  if (finished()) last_row();
}

/// The epoch that --steps ended keeps its row; one that goes on gets another.
Index Trainer::last_logged() const {
  const bool ended = trained() && state_.batch > 0;
  return state_.epoch - (ended ? 0 : 1);
}

void Trainer::mend() const {
  std::filesystem::create_directories(folder_.dir);
  if (state_.generation == 0) {
    // Without a checkpoint, these are what a run killed before its first one left behind.
    std::filesystem::remove(log_path());
    std::filesystem::remove(best_path());
  } else {
    // A run killed between the two renames has the model of an earlier generation, or none.
    save_model(folder_.dir / "model.safetensors", trained_.model, folder_.info, state_.generation);
    truncate_log(log_path(), last_logged());
  }
  if (settings_.tensorboard) mend_events(events_path(), logged_epochs(log_path(), last_logged()));
}

const EpochSummary& Trainer::last_row() const {
  require(logged_.has_value(), "{}: expected the last row of a finished run, found none",
          log_path().string());
  return *logged_;
}

}  // namespace robmask
