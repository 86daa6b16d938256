#pragma once
// Options that several commands share.

#include "tools/robmask/options/commands.h"

namespace robmask {

constexpr double largest = 1'000'000'000;  // of counts: they and their sums fit everywhere

void add_common(Options& options, CommonSettings& common);
/// --batch, of `images` at once.
void add_batch(Options& options, Index& batch);
/// --replay
void add_replay(Options& options, bool& replay);
/// --model and --width, with their defaults as --help shows them.
void add_network(Options& options, ModelSettings& model,
                 const std::string& default_model = "resnet18",
                 const std::string& default_width = "64");
/// --image-size
void add_image_size(Options& options, ModelSettings& model);
/// --match-classes
void add_class_match(Options& options, ModelSettings& model);
/// --model, --width, --masks, --bn-stats, --normalize, --image-size and --match-classes, for files
/// without metadata.
void add_file_model(Options& options, ModelSettings& model);
/// --norm, --attack-steps, --step-size and --start.
void add_attack(Options& options, AttackSettings& attack);
/// --attack-steps, --step-size and --start alone.
void add_iterations(Options& options, AttackSettings& attack);
/// Everything of train but the method: the table of train and most of finetune's.
void add_training(Options& options, TrainSettings& train);
/// What evaluate and interpolate share.
void add_evaluation(Options& options, EvaluateSettings& evaluate);

void check_common(const CommonSettings& common);
void check_model(const ModelSettings& model);
/// ε at most 1 under L∞, where pixels lie in [0,1].
void check_eps(const std::string& option, const Strength& eps, Norm norm);
void check_training(const TrainSettings& train);
void check_evaluation(const EvaluateSettings& evaluate);

}  // namespace robmask
