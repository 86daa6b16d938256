#pragma once
// One recipe a file: training/<name>.cpp.

#include "training/branches.h"

namespace robmask {

using RecipePointer = std::unique_ptr<Recipe>;

/// min CE(x): one clean branch.
RecipePointer standard_recipe(const Model& model, const TrainSettings& s, const Tuning& tuning);

/// min max CE(x + δ), Equation 1 (Madry et al. 2018): one attacked branch.
RecipePointer adversarial_recipe(const Model& model, const TrainSettings& s, const Tuning& tuning);

/// CE(x) + β·KL(f(x) ‖ f(x + δ)) (Zhang et al. 2019): δ maximizes the KL from a start of 0.001·N(0,1).
RecipePointer trades_recipe(const Model& model, const TrainSettings& s);

/// Mean of CE(x) through the main norm and CE(x + δ_a) through each auxiliary norm (Xie et al. 2020).
RecipePointer advprop_recipe(const Model& model, const TrainSettings& s);

/// Algorithm 1: a strength p for each batch (or image), adversarial examples within p·ε_max, the mask of
/// code u_p; mixed with the clean batch through the mask of code u_0.
RecipePointer robmask_recipe(const Model& model, const TrainSettings& s);

/// The attack that the settings describe.
TrainingAttack training_attack(const TrainSettings& s);

}  // namespace robmask
