#include "attacks/checks.h"

#include <algorithm>
#include <cmath>

#include "attacks/pgd.h"
#include "engine/tape.h"

namespace robmask {

namespace {

constexpr double vanished =
    1e-30;  // backward passes in f32 lose gradients of this size on their way
constexpr double few = 0.05, quarter = 0.25;  // shares of a probe that may behave oddly

Index count(const std::vector<bool>& flags) { return std::ranges::count(flags, true); }

/// Is `some` more than one image and more than the tolerated share of `all`?
bool many(Index some, Index all, double tolerated) {
  return some > 1 && static_cast<double>(some) > tolerated * static_cast<double>(all);
}

/// A classifier, a probe, and what is asked of them again and again.
class Interview {
 public:
  Interview(const Classifier& classifier, const Probe& probe)
      : classifier_(classifier), probe_(probe), correct_(hits(probe.images)) {}

  const std::vector<bool>& correct() const { return correct_; }
  std::vector<double> logits() const {
    return classifier_(Variable(probe_.images)).value().to_doubles();
  }
  /// The largest component of each image's input gradient.
  std::vector<double> gradients() const {
    const Variable images(probe_.images);
    Tape tape({images});
    tape.backward(loss(images));
    const std::vector<double> all = images.gradient().to_doubles();
    const auto size = static_cast<Index>(all.size()) / probe_.images.shape().n;
    std::vector<double> largest(probe_.images.shape().n, 0.0);
    for (std::size_t i = 0; i < all.size(); ++i)
      largest[i / size] = std::max(largest[i / size], std::abs(all[i]));
    return largest;
  }
  /// How many of the correctly classified images PGD breaks from a zero start.
  Index broken_by_pgd(double eps, double step_size, Index steps) const {
    const Tensor& x = probe_.images;
    const Tensor x_adv(x.machine(), x.shape(), x.dtype());
    x.machine().copy(x_adv, x);
    const Ball ball = make_ball(x.machine(), x.dtype(), probe_.norm, {eps}, {step_size});
    pgd(x_adv, x, ball, steps, [this](const Variable& images) { return loss(images); });
    const std::vector<bool> still = hits(x_adv);
    Index broken = 0;
    for (std::size_t i = 0; i < still.size(); ++i) broken += correct_[i] && !still[i];
    return broken;
  }

 private:
  Variable loss(const Variable& images) const {
    return cross_entropy(classifier_(images), probe_.labels);
  }
  std::vector<bool> hits(const Tensor& x) const {
    const Tensor flags(x.machine(), {x.shape().n, 1, 1, 1}, x.dtype());
    x.machine().correct(flags, classifier_(Variable(x)).value(), probe_.labels);
    const std::vector<double> values = flags.to_doubles();
    return {values.begin(), values.end()};
  }

  const Classifier& classifier_;
  const Probe& probe_;
  std::vector<bool> correct_;
};

/// Does every row lie in [0,1] and sum to 1?
bool are_probabilities(const std::vector<double>& logits, Index rows) {
  const auto classes = static_cast<Index>(logits.size()) / rows;
  for (Index n = 0; n < rows; ++n) {
    double sum = 0;
    for (Index c = 0; c < classes; ++c) {
      const double v = logits[n * classes + c];
      if (v < 0 || v > 1) return false;
      sum += v;
    }
    if (std::abs(sum - 1) > 1e-5) return false;
  }
  return true;
}

/// A radius within which an image can become any other, but for a few pixels: half the way across
/// every pixel.
double large_eps(const Probe& probe) {
  const Shape s = probe.images.shape();
  return probe.norm == Norm::linf ? 0.5 : 0.5 * std::sqrt(static_cast<double>(s.pixels() * s.c));
}

}  // namespace

std::vector<Doubt> doubts_about(const Classifier& classifier, const Probe& probe) {
  std::vector<Doubt> doubts;
  const Interview model(classifier, probe);
  const Index correct = count(model.correct());
  if (are_probabilities(model.logits(), probe.images.shape().n))
    doubts.push_back(
        {"probabilities",
         "the outputs look like probabilities (from 0 to 1, their sum is 1): attacks need "
         "logits; remove the softmax at the model's end"});
  if (correct == 0) return doubts;

  const std::vector<double> gradients = model.gradients();
  Index blind = 0;
  for (std::size_t i = 0; i < gradients.size(); ++i)
    blind += model.correct()[i] && gradients[i] < vanished;
  if (many(blind, correct, few))
    doubts.push_back(
        {"zero-gradients",
         fmt::format(
             "the input gradient of {} of {} correctly classified images is 0: gradient "
             "attacks are blind there; attack with apgd-dlr and square, or scale the logits "
             "down",
             blind, correct)});
  if (probe.eps == 0) return doubts;

  const Index by_one = model.broken_by_pgd(probe.eps, probe.eps, 1);
  const Index by_ten = model.broken_by_pgd(probe.eps, probe.eps / 4, 10);
  if (many(by_one - by_ten, correct, few))
    doubts.push_back(
        {"more-steps",
         fmt::format("one step of PGD breaks {} of {} images, ten steps {}: the gradient "
                     "misleads; attack with square and with more restarts",
                     by_one, correct, by_ten)});
  const double large = large_eps(probe);
  const Index standing = correct - model.broken_by_pgd(large, large / 4, 20);
  if (many(standing, correct, quarter))
    doubts.push_back(
        {"large-eps",
         fmt::format(
             "{} of {} images stand at eps {:.3g}, where any image can become any other: the "
             "attack fails, not the adversary; attack with square and apgd-dlr",
             standing, correct, large)});
  return doubts;
}

std::optional<Doubt> doubt_about_accuracy(Index correct, Index n, Index classes) {
  const auto trials = static_cast<double>(n);
  const double chance = 1 / static_cast<double>(classes);
  const double error = std::sqrt(chance * (1 - chance) / trials);
  if (static_cast<double>(correct) > trials * (chance + 2 * error)) return {};
  return Doubt{
      "chance",
      fmt::format("clean accuracy is {:.2f} %, no more than guessing one of {} classes gives: "
                  "check --normalize, --mask and the order of the labels",
                  100 * static_cast<double>(correct) / trials, classes)};
}

std::optional<Doubt> doubt_about_gradients(const std::vector<bool>& robust_to_white_box,
                                           const std::vector<bool>& robust_to_black_box) {
  Index missed = 0;
  for (std::size_t i = 0; i < robust_to_white_box.size(); ++i)
    missed += robust_to_white_box[i] && !robust_to_black_box[i];
  const auto n = static_cast<double>(robust_to_white_box.size());
  if (missed < 2 || static_cast<double>(missed) <= 0.002 * n) return {};
  return Doubt{
      "black-box",
      fmt::format("an attack without gradients breaks {} images that withstand all attacks "
                  "with them: gradients are masked; report the worst case, and raise --restarts",
                  missed)};
}

std::optional<Doubt> doubt_about_ball(double perturbation, double eps) {
  if (perturbation <= eps * (1 + 1e-5) + 1e-6) return {};
  return Doubt{"ball",
               fmt::format("an attacked image lies {:.7g} from its original, eps is {:.7g}: "
                           "report this as a mistake of the attack",
                           perturbation, eps)};
}

std::optional<Doubt> doubt_about_reach(Index steps, double step_size, double eps) {
  const double reach = static_cast<double>(steps) * step_size;
  if (reach >= eps * (1 - 1e-6)) return {};
  return Doubt{"reach",
               fmt::format("{} steps of {:.4g} go {:.4g} far, the ball is {:.4g} wide: raise "
                           "--attack-steps or --step-size",
                           steps, step_size, reach, eps)};
}

}  // namespace robmask
