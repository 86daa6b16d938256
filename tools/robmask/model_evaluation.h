#pragma once
// The evaluation of one model: runs each combination of mask, attack and ε, going on from the
// journal.

#include <map>

#include "tools/robmask/adversarial_file.h"
#include "tools/robmask/attack_result.h"
#include "tools/robmask/journal.h"

namespace robmask {

class ModelEvaluation {
 public:
  /// `name` tells this model from others in the journal; attacks are driven on `source`, which is
  /// the model itself unless they transfer. The processes evaluate together; process 0 has the
  /// journal and, if images are kept, `adversarial`, which gets those of every attack.
  ModelEvaluation(const EvaluationSettings& settings, const std::string& name,
                  const LoadedModel& model, const LoadedModel& source, const Images& images,
                  Processes& processes, Journal* journal, AdversarialFile* adversarial = nullptr);

  /// Collective.
  AttackResult run(const Combination& combination);

 private:
  /// The images as they are, at mask p.
  const Verdicts& clean(double p);

  const EvaluationSettings& settings_;
  std::string name_;
  const LoadedModel &model_, &source_;
  LabelledImages images_;
  Processes& processes_;
  Journal* journal_;
  AdversarialFile* adversarial_;
  std::map<double, Verdicts> clean_;
  /// What smaller strengths broke, by mask and attack; for --reuse-broken.
  std::map<std::pair<double, std::string>, PerImage<Verdict>> broken_;
};

}  // namespace robmask
