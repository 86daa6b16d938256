#pragma once
// A second look at what an attack hands out: only images that lie in the ball and are misclassified,
// as they would be saved, count as broken.

#include <limits>

#include "tools/robmask/adversarial_file.h"
#include "tools/robmask/outcome.h"

namespace robmask {

class Examiner {
 public:
  /// Examines an attack on the mask of strength p; with `quantize`, images are rounded to 8 bits
  /// first. `file`, if given, gets the images.
  Examiner(const Model& model, const Images& images, double p, const AttackPlan& plan,
           bool quantize, AdversarialFile* file);

  /// Which of these are in truth misclassified: in a transfer by this model, and once rounded?
  std::vector<bool> accept(const std::vector<Finding>& found) const;
  /// Where the evaluator puts what the attack hands out (Evaluator::Hooks), until it is concluded.
  PerImage<Tensor>& handed_out() { return handed_out_; }
  /// The verdicts with what was seen: prediction, ‖x_adv − x‖, and whether the image is really broken.
  PerImage<ImageOutcome> conclude(const PerImage<Verdict>& verdicts);

  /// Over everything seen: the largest perturbation, and the pixels' extremes.
  struct Extremes {
    double perturbation = 0, low = 1, high = 0;
    Index nans = 0;
  };
  const Extremes& extremes() const { return extremes_; }

 private:
  /// These images as they will be saved, {n,H,W,3}; x: the clean ones.
  Tensor take(const std::vector<std::int32_t>& ids, const Tensor& x);
  Tensor rounded(const Tensor& x_adv, const Tensor& x) const;

  const Model& model_;
  const Images& images_;
  double p_;
  AttackPlan plan_;
  bool quantize_;
  AdversarialFile* file_;
  PerImage<Tensor> handed_out_;
  Extremes extremes_;
};

}  // namespace robmask
