#pragma once
// How to train: what recipes and the trainer are told.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attacks/plan.h"
#include "layers/strength.h"

namespace robmask {

/// A length in pixel units (ε, a step size) with the spelling it came in: "8/255" is 8.0 / 255.0.
struct Strength {
  double value = 8.0 / 255.0;
  std::string text = "8/255";
};

enum class Method { standard, pgd, trades, advprop, robmask };
constexpr auto names(Method) {
  using enum Method;
  return std::to_array<Named<Method>>({{standard, "standard"},
                                       {pgd, "pgd"},
                                       {trades, "trades"},
                                       {advprop, "advprop"},
                                       {robmask, "robmask"}});
}

enum class BnStats { shared, split };
constexpr auto names(BnStats) {
  using enum BnStats;
  return std::to_array<Named<BnStats>>({{shared, "shared"}, {split, "split"}});
}

enum class Schedule { cosine, constant };
constexpr auto names(Schedule) {
  using enum Schedule;
  return std::to_array<Named<Schedule>>({{cosine, "cosine"}, {constant, "constant"}});
}

enum class Augment { crop_flip, none };
constexpr auto names(Augment) {
  using enum Augment;
  return std::to_array<Named<Augment>>({{crop_flip, "crop-flip"}, {none, "none"}});
}

enum class Start { random, zero };
constexpr auto names(Start) {
  using enum Start;
  return std::to_array<Named<Start>>({{random, "random"}, {zero, "zero"}});
}

/// Batch norm while attacking: running statistics; the batch's, left alone; the batch's, updating.
enum class AttackBn { eval, train_frozen, train };
constexpr auto names(AttackBn) {
  using enum AttackBn;
  return std::to_array<Named<AttackBn>>(
      {{eval, "eval"}, {train_frozen, "train-frozen"}, {train, "train"}});
}

/// The mask the attack goes through: the one its loss will use, p = 1, or p = 0.
enum class AttackMask { loss, max, clean };
constexpr auto names(AttackMask) {
  using enum AttackMask;
  return std::to_array<Named<AttackMask>>({{loss, "loss"}, {max, "max"}, {clean, "clean"}});
}

/// ½ CE(x, u_0) + ½ CE(x+δ, u_p), or CE(x+δ, u_p) alone (Algorithm 1).
enum class RobmaskLoss { mixed, adv };
constexpr auto names(RobmaskLoss) {
  using enum RobmaskLoss;
  return std::to_array<Named<RobmaskLoss>>({{mixed, "mixed"}, {adv, "adv"}});
}

/// The passes that end an iteration of RobMask or AdvProp, over clean and adversarial images: as one
/// batch, or one after the other in less memory, the gradients added up. Sums are then taken in
/// another order, so bits differ.
enum class Halves { together, one_by_one };
constexpr auto names(Halves) {
  using enum Halves;
  return std::to_array<Named<Halves>>({{together, "together"}, {one_by_one, "one-by-one"}});
}

/// The weights that a run keeps: the last, or also those of the epoch that tested best.
enum class KeepWeights { last, best };
constexpr auto names(KeepWeights) {
  using enum KeepWeights;
  return std::to_array<Named<KeepWeights>>({{last, "last"}, {best, "best"}});
}

/// PGD in training and in an evaluation, but for its ε.
struct AttackSettings {
  Norm norm = Norm::linf;
  Index steps = 7;
  std::optional<Strength> step_size = {};  // empty: ε/5 of the strength in force
  Start start = Start::random;

  /// α for the strength in force, ε_i = p·ε.
  double alpha(double strength) const { return step_size ? step_size->value : strength / 5; }
  /// The attack with these numbers at strength ε.
  AttackPlan pgd(double strength) const {
    return {.norm = norm,
            .eps = strength,
            .step_size = alpha(strength),
            .steps = steps,
            .random_start = start == Start::random};
  }
};

/// How p is chosen in training.
struct StrengthChoice {
  enum class Kind { random, per_image, fixed };
  Kind kind = Kind::random;
  double value = 0;  // p, if fixed
};

struct TrainSettings {
  Method method = Method::standard;
  Index epochs = 20, batch = 128;
  double lr = 0.1, momentum = 0.9, weight_decay = 5e-4;
  Schedule schedule = Schedule::cosine;
  Augment augment = Augment::crop_flip;
  bool shuffle = true;
  std::uint64_t seed = 0;  // of order, crops, starts and strengths

  Strength eps = {};  // the largest
  AttackSettings attack = {};
  AttackBn attack_bn = AttackBn::eval;
  AttackMask attack_mask = AttackMask::loss;

  Index masks = 2;                     // k of RobMask
  BnStats bn_stats = BnStats::shared;  // of RobMask
  Code code = Code::hat;               // of a strength over RobMask's masks
  StrengthChoice strength = {};        // of RobMask
  RobmaskLoss robmask_loss = RobmaskLoss::mixed;
  Halves halves = Halves::together;    // of RobMask and AdvProp
  Index shards = 1;                    // of a batch
  bool sync_bn = false;                // normalize by the statistics of all shards
  double beta = 6;                     // TRADES
  std::vector<Strength> aux_eps = {};  // AdvProp, ascending; at least one, unless random
  bool aux_random = false;             // one auxiliary norm, p ~ U(0,1) a mini-batch

  /// Stop after that many iterations in all; the schedule counts epochs.
  std::optional<Index> steps = {};
  bool replay = true;  // record an iteration and replay it, where the device can
  KeepWeights keep = KeepWeights::last;
  bool tensorboard = false;  // write the curves as events, too
};

/// Which tensors finetuning touches (§3.1).
struct Tune {
  bool gamma = true, beta = true, stats = true;
};

}  // namespace robmask
