#pragma once
// How training attacks (§5.1): PGD on the cross entropy, within a radius drawn for each step.

#include "attacks/pgd.h"
#include "training/drawn.h"
#include "training/recipe.h"

namespace robmask {

class TrainingAttack {
 public:
  /// `number` tells the random starts of a step's attacks apart. Where batch norm trains while
  /// attacking, it updates the statistics of `pair`.
  TrainingAttack(const Model& model, const TrainSettings& s, std::uint32_t number = 0,
                 Index pair = 0);

  /// For the coming step: the radius ε, from which α follows, and the strength p of the mask that
  /// its loss will go through; one each, or one an image.
  void set(Index step, const std::vector<double>& eps, const std::vector<double>& p);

  /// x_adv, which holds the batch's images, becomes x + δ with δ = argmax ℓ(f_θ(x + δ), y).
  void operator()(const Tensor& x_adv, const Batch& batch) const;

 private:
  const Model& model_;
  AttackSettings settings_;
  AttackMask choice_;
  Mode mode_;  // of batch norm while attacking
  Stream starts_;
  StrengthMask mask_;  // the mask attacked
  std::vector<double> radii_;
  Drawn eps_, alpha_;
  Tensor step_;  // i64: the random counter
};

}  // namespace robmask
