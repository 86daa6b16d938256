#pragma once
// A recipe is one way to turn a batch into gradients: standard, adversarial, TRADES, AdvProp,
// RobMask.

#include <memory>
#include <vector>

#include "engine/tape.h"
#include "models/model.h"
#include "training/settings.h"

namespace robmask {

/// Images in [0,1] with their labels and ids (their numbers in the training set): a batch, or the
/// shard of one that a step is over (training/sharded_step.h).
struct Batch {
  Tensor images;  // {N,H,W,3}
  Tensor labels;  // i32 {N,1,1,1}
  Tensor ids;     // i32 {N,1,1,1}
  /// Whether running statistics follow this shard's. Where they do not, what would update them
  /// leaves them alone.
  bool updates_statistics = true;
  /// Of a shard that is normalized by the statistics of all.
  std::shared_ptr<SharedRows> shared = {};
  /// Hears of the gradients that a step leaves, as they are complete.
  Tape::OnGradient on_gradient = {};

  Index size() const { return images.shape().n; }
  Mode mode(Mode wanted) const {
    return wanted == Mode::train && !updates_statistics ? Mode::frozen : wanted;
  }
};

/// Sums over images, kept on the machine so that nothing is read back inside a step.
struct Totals {
  explicit Totals(Backend& machine);
  /// In memory that is there: f64 {count,1,1,1}.
  explicit Totals(const Tensor& sums);
  static constexpr Index count = 4;

  void reset() const;
  /// total += factor · Σ values
  void add(const Tensor& total, const Tensor& values, double factor = 1) const;
  /// hits += the correct predictions among these
  void add_hits(const Tensor& logits, const Tensor& labels) const;

  Tensor sums;        // all of these:
  Tensor loss;        // what is minimized
  Tensor loss_clean;  // of clean images, and of adversarial ones (the mean over their passes)
  Tensor loss_adv;
  Tensor hits;  // correct predictions: of clean images where the recipe trains on them
};

class Recipe {
 public:
  virtual ~Recipe() = default;

  /// Host work before the step over these images: draws strengths and writes what they decide to
  /// where each step over so many images looks for it.
  virtual void prepare(Index step, const std::vector<std::int32_t>& ids) = 0;
  /// Machine work only, so that it can be replayed: attack, forward, backward. Leaves gradients in
  /// the model's parameters: of the mean over the batch's images.
  virtual void step(const Batch& batch, const Totals& totals) = 0;
};

/// The recipe of settings.method, training all of the model. InputError for a model that has not
/// the masks and pairs which the method trains.
std::unique_ptr<Recipe> make_recipe(const TrainSettings& settings, const Model& model);

/// Batch-norm-only finetuning (§3.1): standard or adversarial (pgd) training of the tensors that
/// `tune` names. With statistics, passes normalize by the batch and update the running ones;
/// without, they use the running ones. Statistics alone are forward passes only.
std::unique_ptr<Recipe> make_finetune_recipe(const TrainSettings& settings, const Tune& tune,
                                             const Model& model);
/// The tensors that `tune` trains: γ, β, both or none.
std::vector<Variable> tuned_parameters(const Tune& tune, const Model& model);

/// The masks k and statistics pairs of the model that a method trains.
struct MaskCounts {
  Index masks = 1, pairs = 1;
};
MaskCounts mask_counts(const TrainSettings& settings);

}  // namespace robmask
