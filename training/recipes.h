#pragma once
// The recipes, training/<name>.cpp, and the passes over images that they are made of.

#include "training/recipe.h"

namespace robmask {

using RecipePointer = std::unique_ptr<Recipe>;

/// What a step trains: the tensors that get gradients, and how batch norm passes while they do
/// (train: by the batch, statistics are updated; eval: by the running statistics, left alone).
struct Tuning {
  std::vector<Variable> parameters;  // none: forward passes only, which update statistics
  Mode mode = Mode::train;
};

/// min CE(x)
RecipePointer standard_recipe(const Model& model, const Tuning& tuning);

/// min max CE(x + δ), Equation 1 (Madry et al. 2018).
RecipePointer adversarial_recipe(const Model& model, const TrainSettings& s, const Tuning& tuning);

/// CE(x) + β·KL(f(x) ‖ f(x + δ)) (Zhang et al. 2019): δ maximizes the KL from a start of
/// 0.001·N(0,1).
RecipePointer trades_recipe(const Model& model, const TrainSettings& s);

/// Mean of CE(x) through the main norm and CE(x + δ_a) through each auxiliary norm (Xie et al.
/// 2020).
RecipePointer advprop_recipe(const Model& model, const TrainSettings& s);

/// Algorithm 1: a strength p for each batch (or image), adversarial examples within p·ε_max, the
/// mask of code u_i; mixed with the clean batch through the mask of code u_0.
RecipePointer robmask_recipe(const Model& model, const TrainSettings& s);

/// What several passes over a batch's N images, or with its labels, begin with: x, `count` times.
/// Pass b is over images b·N … (b+1)·N, with a segment of its own, clean ones first.
Tensor repeated(const Tensor& x, Index count);

/// Leaves the gradient of the mean cross entropy of passes over x {B·N,H,W,3}, B segments, of which
/// the first `clean` are over clean images; and adds them to the totals.
void learn(const Model& model, const Batch& batch, const Tensor& x,
           const std::vector<Segment>& passes, Index clean, Halves halves, const Totals& totals);

/// Adds the cross entropies and logits of passes, of which the first `clean` are over clean images.
/// What is minimized is their mean; hits are those of the first pass.
void add_passes(const Totals& totals, const Batch& batch, const Tensor& logits,
                const Tensor& losses, Index clean);

}  // namespace robmask
