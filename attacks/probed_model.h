#pragma once
// What the checks of an evaluation ask a model, again and again.

#include "attacks/checks.h"
#include "attacks/losses.h"

namespace robmask {

/// One for each image of a probe.
using Flags = std::vector<bool>;
/// The images of which both are true.
Flags both(Flags a, const Flags& b);

class ProbedModel {
 public:
  /// Both must outlive it.
  ProbedModel(const Classifier& classifier, const Probe& probe);

  /// Of the images as they are.
  const Flags& correct() const { return correct_; }
  std::vector<double> logits() const { return logits_.to_doubles(); }
  /// The largest component of each image's input gradient.
  std::vector<double> gradients() const;

  /// Which of the correctly classified images stand at the end of PGD from a zero start.
  Flags withstand_pgd(double eps, double step_size, Index steps) const;
  /// Which of `standing` stand at every one of 50 steps of PGD, each a tenth of eps, that climb a
  /// loss of their logits. Ends early where no more than one is left.
  Flags withstand_crossing(Flags standing, double eps, LogitLoss climbed) const;
  /// Which of `standing` stand after so many queries of Square.
  Flags withstand_square(Flags standing, double eps, Index queries) const;

 private:
  Variable loss(const Variable& images) const;
  Flags hits(const Tensor& logits) const;
  /// The gradient of a loss of each image's logits.
  Tensor ascent(const Tensor& logits, LogitLoss climbed) const;

  const Classifier& classifier_;
  const Probe& probe_;
  std::vector<std::int32_t> labels_;
  Tensor logits_;
  Flags correct_;
};

}  // namespace robmask
