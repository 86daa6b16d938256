#pragma once
// The evaluation of one model: every combination of mask, attack and ε is one result.

#include <map>

#include "data/files/csv.h"
#include "data/files/json.h"
#include "tools/robmask/adversarial_file.h"
#include "tools/robmask/journal.h"
#include "training/checkpoint.h"
#include "training/evaluator.h"
#include "training/settings.h"

namespace robmask {

/// One combination; the attack and the value of ε are the plan's.
struct Cell {
  double mask = 0;
  Strength eps;
  AttackPlan plan;
};

class Judge {
 public:
  /// `name` tells this model from others in the journal; `adversarial`, if given, gets the images of
  /// every attack.
  Judge(const EvaluateSettings& settings, const std::string& name, const LoadedModel& from,
        const Images& images, Journal& journal, AdversarialFile* adversarial = nullptr);

  /// The combinations the settings ask for. InputError for an attack or a mask that cannot be.
  std::vector<Cell> cells() const;

  /// Runs one, going on from the journal, and returns its entry of "results".
  Json run(const Cell& cell);

  /// The rows of --per-image for the cells run so far.
  const CsvTable& per_image() const { return per_image_; }

 private:
  double matching_mask(double eps) const;
  const std::vector<bool>& clean(double p);
  std::vector<Verdict> attack(const Cell& cell, const std::vector<std::int32_t>& targets);
  void note_images(const Cell& cell, const std::vector<bool>& clean,
                   const std::vector<Verdict>& verdicts);

  const EvaluateSettings& settings_;
  std::string name_;
  const LoadedModel& from_;
  const Images& images_;
  Journal& journal_;
  AdversarialFile* adversarial_;
  Evaluator evaluator_;
  std::map<double, std::vector<bool>> clean_;
  CsvTable per_image_;
};

}  // namespace robmask
