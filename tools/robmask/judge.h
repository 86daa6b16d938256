#pragma once
// The evaluation of one model: runs each combination of mask, attack and ε, going on from the journal.

#include <map>

#include "tools/robmask/examiner.h"
#include "tools/robmask/journal.h"

namespace robmask {

class Judge {
 public:
  /// `name` tells this model from others in the journal; attacks are driven on `source`, which is the
  /// model itself unless they transfer; `adversarial`, if given, gets the images of every attack.
  Judge(const EvaluateSettings& settings, const std::string& name, const LoadedModel& from,
        const LoadedModel& source, const Images& images, Journal& journal,
        AdversarialFile* adversarial = nullptr);

  CellOutcome run(const Cell& cell);

 private:
  /// The class the model gives each image at mask p.
  const std::vector<Index>& predictions(double p);
  /// Runs one stage of the cell's attack on `targets`, as far as the journal does not know it, fills in
  /// `outcome` and returns the images that stand. Stages are run one by one, since only what the
  /// examiner confirms as broken is spared the next.
  std::vector<std::int32_t> run_stage(CellOutcome& outcome, const AttackPlan& stage,
                                      const std::vector<std::int32_t>& targets);
  /// Takes the images of a stage, and the seconds they took, from the journal; returns the others of
  /// `targets`. InputError if the journal's are not among them.
  std::vector<std::int32_t> recall(CellOutcome& outcome, const std::string& key,
                                   const std::vector<std::int32_t>& targets) const;

  const EvaluateSettings& settings_;
  std::string name_;
  const LoadedModel& from_;
  const Images& images_;
  Journal& journal_;
  AdversarialFile* adversarial_;
  Evaluator evaluator_, attacker_;  // of the model; of the source
  std::map<double, std::vector<Index>> predictions_;
  /// What smaller strengths broke, by mask and attack; for --reuse-broken.
  std::map<std::pair<double, std::string>, PerImage<ImageOutcome>> broken_;
};

}  // namespace robmask
