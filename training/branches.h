#pragma once
// What standard training, adversarial training, AdvProp and RobMask share: a step is a list of
// branches over the same images, each clean or attacked, each through its own mask, run as one batch.

#include <map>
#include <vector>

#include "attacks/pgd.h"
#include "training/recipe.h"

namespace robmask {

/// How training attacks (§5.1).
struct TrainingAttack {
  AttackSettings settings;             // its ε is the largest: each branch has its own
  Mode mode = Mode::eval;              // batch norm while attacking
  AttackMask mask = AttackMask::loss;  // the mask attacked: the branch's own, p = 1 or p = 0
};

/// What a step trains: the tensors that get gradients, and how batch norm passes while they do
/// (train: by the batch, statistics are updated; eval: by the running statistics, left alone).
struct Tuning {
  std::vector<Variable> parameters;  // none: forward passes only, which update statistics
  Mode mode = Mode::train;
};

/// One pass over the batch's images. Strengths p and ε hold one value, or one an image; ε = 0 with
/// `attacked` unset is the clean branch.
struct Branch {
  bool attacked = false;
  std::vector<double> eps{0};
  std::vector<double> mask{0};  // p of the mask its loss goes through
  Index pair = 0;               // the statistics pair that train passes update

  bool operator==(const Branch&) const = default;
};

/// A step of branches: attacks each attacked branch, then one forward and one backward pass over all
/// B·N images, a segment a branch, with the mean cross entropy as the loss.
class BranchRecipe : public Recipe {
 public:
  BranchRecipe(const Model& model, const TrainingAttack& attack, const Tuning& tuning,
               std::uint64_t seed);

  void prepare(Index step, const std::vector<std::int32_t>& ids) final;
  void step(const Batch& batch, Totals& totals) final;

 protected:
  /// The branches of this step, clean first. Their number and which are attacked never change.
  virtual std::vector<Branch> branches(Index step, const std::vector<std::int32_t>& ids) const = 0;

  const Model& model() const { return model_; }
  /// p ~ U(0,1) of a step, or of an image of it.
  double draw_strength(Index step, std::uint32_t image = 0) const;

 private:
  struct Prepared {
    bool attacked;
    Ball ball;
    Context attack;
    Segment loss;
  };
  /// What the steps of one batch size read. A step may be replayed, so the tensors stay where they
  /// are; prepare() writes what was drawn into them.
  struct Plan {
    std::vector<Branch> branches;
    std::vector<Prepared> prepared;
  };
  Prepared prepare(const Branch& branch, Index images) const;
  static void overwrite(const Prepared& kept, const Prepared& drawn);
  void attack(const Prepared& branch, std::uint32_t number, const Tensor& x_adv,
              const Batch& batch) const;

  const Model& model_;
  TrainingAttack attack_;
  Tuning tuning_;
  std::uint64_t seed_;
  Tensor step_;                  // i64: the random counter
  std::map<Index, Plan> plans_;  // by the number of images
};

}  // namespace robmask
