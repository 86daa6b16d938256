#include "attacks/checks.h"

#include <algorithm>
#include <cmath>

#include "attacks/probed_model.h"

namespace robmask {

namespace {

constexpr double vanished =
    1e-30;                    // backward passes in f32 lose gradients of this size on their way
constexpr double few = 0.05;  // the share of a probe that may behave oddly
constexpr double rounding = 1e-5;  // of a softmax
constexpr Index square_queries = 200;
constexpr double largest_usual_linf = 16.0 / 255;

Index count(const Flags& flags) { return std::ranges::count(flags, true); }

/// Is `some` more than one image and more than the tolerated share of `all`?
bool many(Index some, Index all, double tolerated) {
  return some > 1 && static_cast<double>(some) > tolerated * static_cast<double>(all);
}

/// Does every row lie in [0,1] and sum to 1?
bool are_probabilities(const std::vector<double>& logits, Index rows) {
  const auto classes = static_cast<Index>(logits.size()) / rows;
  for (Index n = 0; n < rows; ++n) {
    double sum = 0;
    for (Index c = 0; c < classes; ++c) {
      const double v = logits[n * classes + c];
      if (v < -rounding || v > 1 + rounding) return false;
      sum += v;
    }
    if (std::abs(sum - 1) > rounding) return false;
  }
  return true;
}

/// Which of `standing` neither cross entropy nor the margin shows PGD how to break.
Flags withstand_long_runs(const ProbedModel& model, const Flags& standing, double eps) {
  return model.withstand_crossing(model.withstand_crossing(standing, eps, ce), eps, margin);
}

/// ‖image‖ of an image of ones: the radius of a ball around any image that holds them all.
double whole_range(Norm norm, const Shape& image) {
  return norm == Norm::linf ? 1 : std::sqrt(static_cast<double>(image.pixels() * image.c));
}

}  // namespace

std::vector<Doubt> doubts_about(const Classifier& classifier, const Probe& probe) {
  std::vector<Doubt> doubts;
  const ProbedModel model(classifier, probe);
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

  const Flags one = model.withstand_pgd(probe.eps, probe.eps, 1),
              ten = model.withstand_pgd(probe.eps, probe.eps / 4, 10);
  if (many(count(ten) - count(one), correct, few))
    doubts.push_back(
        {"more-steps",
         fmt::format("one step of PGD breaks {} of {} images, ten steps {}: the gradient "
                     "misleads; attack with square and with more restarts",
                     correct - count(one), correct, correct - count(ten))});
  const Flags left = both(one, ten),
              after = model.withstand_square(left, probe.eps, square_queries);
  Flags missed = left;
  for (std::size_t i = 0; i < missed.size(); ++i) missed[i] = left[i] && !after[i];
  if (many(count(missed), correct, few)) missed = withstand_long_runs(model, missed, probe.eps);
  if (many(count(missed), correct, few))
    doubts.push_back(
        {"black-box",
         fmt::format(
             "{} queries of square break {} of {} correctly classified images, which PGD of "
             "more steps cannot: gradients are masked; attack with square, or with "
             "autoattack",
             square_queries, count(missed), correct)});
  const double range = whole_range(probe.norm, probe.images.shape());
  const Flags standing = withstand_long_runs(model, model.correct(), range);
  if (count(standing) > 1)
    doubts.push_back(
        {"large-eps",
         fmt::format(
             "{} of {} images stand at eps {:.3g}, where any image can become any other: the "
             "attack fails, not the adversary; attack with square and apgd-dlr",
             count(standing), correct, range)});
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
                  "check `normalize`, `mask` and the order of the labels",
                  100 * static_cast<double>(correct) / trials, classes)};
}

std::optional<Doubt> doubt_about_gradients(const std::vector<bool>& robust_to_white_box,
                                           const std::vector<bool>& robust_to_black_box) {
  Index missed = 0;
  for (std::size_t i = 0; i < robust_to_white_box.size(); ++i)
    missed += robust_to_white_box[i] && !robust_to_black_box[i];
  const auto n = static_cast<double>(robust_to_white_box.size());
  if (static_cast<double>(missed) <= 0.002 * n) return {};
  return Doubt{
      "black-box",
      fmt::format("an attack without gradients breaks {} of {} images, though they withstand all "
                  "attacks with them: gradients are masked; report the worst case, and raise "
                  "`restarts`",
                  missed, robust_to_white_box.size())};
}

std::optional<Doubt> doubt_about_ball(double perturbation, double eps) {
  if (perturbation <= eps * (1 + 1e-5) + 1e-6) return {};
  return Doubt{"ball",
               fmt::format("an attacked image lies {:.7g} from its original, eps is {:.7g}: "
                           "report this as a mistake of the attack",
                           perturbation, eps)};
}

std::optional<Doubt> doubt_about_standing(Index robust, Norm norm, double eps, const Shape& image) {
  if (robust == 0 || eps < 0.5 * whole_range(norm, image)) return {};
  return Doubt{"large-eps",
               fmt::format("{} images stand at eps {:.3g}, where all images can become alike: the "
                           "attack fails, not the adversary; attack with square and apgd-dlr",
                           robust, eps)};
}

std::optional<Doubt> doubt_about_radius(Norm norm, double eps) {
  if (norm == Norm::linf || eps == 0 || eps > largest_usual_linf) return {};
  return Doubt{
      "norm",
      fmt::format("eps {:.4g} is the size of a ball in linf, and next to nothing in l2: usual "
                  "there on CIFAR-10 are 0.5 and 128/255; give `eps`",
                  eps)};
}

std::optional<Doubt> doubt_about_reach(Index steps, double step_size, double eps) {
  const double reach = static_cast<double>(steps) * step_size;
  if (reach >= eps * (1 - 1e-6)) return {};
  if (steps == 0)
    return Doubt{"reach",
                 "without steps an attack changes no image, so robust accuracy is clean accuracy: "
                 "raise `attack_steps`"};
  return Doubt{"reach",
               fmt::format("{} steps of {:.4g} go {:.4g} far, the ball is {:.4g} wide: raise "
                           "`attack_steps` or `step_size`",
                           steps, step_size, reach, eps)};
}

}  // namespace robmask
