#pragma once
// How many images withstand an attack. Five lines evaluate AutoAttack on any function:
//
//   const Classifier logits = [&](const Variable& images) { return network(images); };
//   const Evaluation autoattack{.plan = {.attack = AttackName::autoattack, .eps = 8.0 / 255},
//                               .attacked = logits};
//   const Verdicts verdicts = evaluate(autoattack, labelled(images, labels));
//   const Index robust = std::ranges::count(verdicts, true, &Verdict::robust);
//   const auto [low, high] = wilson_interval(robust, std::ssize(verdicts));

#include <map>

#include "attacks/classifier.h"
#include "attacks/driver.h"
#include "attacks/plan.h"
#include "engine/in_batches.h"
#include "engine/processes.h"

namespace robmask {

/// What became of one image.
struct Verdict {
  std::int32_t image = 0;
  bool clean = false;                        // classified correctly as it is
  bool robust = false;                       // and after every attack
  AttackName broken_by = AttackName::clean;  // the stage that broke it; clean if none did
  Index restart = -1;       // the restart that broke it; of a targeted attack, the target's index
  Index iteration = -1;     // of that run, where first misclassified; 0: its start; −1: unknown
  double perturbation = 0;  // ‖x_adv − x‖ of the image handed out, in the plan's norm
  Index prediction = -1;    // of the image handed out; of the image itself if it was not attacked
};
/// Of images 0, 1, …
using Verdicts = std::vector<Verdict>;

/// Of those images that finished together. Attacks finish images in the order of their slots: by
/// its number each finds its own place.
template <class T>
using PerImage = std::map<std::int32_t, T>;

/// What is asked. A transfer is judged by another network than the one that is attacked.
struct Evaluation {
  AttackPlan plan;
  Classifier attacked;
  Classifier judged = {};  // empty: the attacked one
  bool quantize = false;   // round adversarial images to multiples of 1/255 before they are judged
  Index batch = 128;       // images at once; changes no result
  std::uint64_t seed = 0;  // of random starts, keyed by (seed, attack, restart, image)
  Processes* processes = nullptr;  // that attack the images together; none: this one all of them
};

/// Whom an evaluation asks and tells; empty ones are left out, and all may throw to end it. A stage
/// is a number in stages(plan); those that leave every image as it is are passed over. Of several
/// processes, the first one is asked and told for all; each hears of its looks, and where `on_look`
/// throws Interrupted in one, attack() does in all.
struct Hooks {
  /// A stage begins with these images. Returns the verdicts that are known of some of them already.
  std::function<PerImage<Verdict>(Index stage, const std::vector<std::int32_t>& images)> begin = {};
  /// Images finished a stage together. x_adv: what was handed out, in their order.
  std::function<void(Index stage, const PerImage<Verdict>& verdicts, const Tensor& x_adv)> finish =
      {};
  /// A stage ends.
  std::function<void(Index stage, const std::vector<std::int32_t>& standing)> end = {};
  /// How many images of a stage each of several processes has finished.
  std::function<void(Index stage, const std::vector<Index>& finished)> shares = {};
  /// Hears of every look of the stage that runs; of none, now and then, while it waits for other
  /// processes. Of several, none knows how many looks there will be.
  OnLook on_look = {};
  /// Hears of a smaller batch, where memory did not suffice.
  Warn warn = {};
};

/// The images as they are: `robust` is `clean`. on_batch hears of the images done so far, by this one
/// of the processes, and may throw.
Verdicts clean_verdicts(const Classifier& judged, const LabelledImages& images, Index batch,
                        const std::function<void(Index done)>& on_batch = {}, const Warn& warn = {},
                        Processes* processes = nullptr);

/// So many images taken as right, whatever the network says of them: attacks then see them all.
Verdicts taken_as_right(Index count);

/// Attacks the images whose verdict is robust by the stages of the plan, each on what those before
/// it left standing, and writes what becomes of them into `verdicts`. An image is broken if what
/// the attack hands out lies in the ball and is misclassified by the judging network, as it would
/// be saved. Several processes do it together and all get all verdicts: with them it is collective.
/// InputError where the network has too few classes for a stage's loss.
void attack(Verdicts& verdicts, const Evaluation& evaluation, const LabelledImages& images,
            const Hooks& hooks = {});

/// Both, one after the other.
Verdicts evaluate(const Evaluation& evaluation, const LabelledImages& images,
                  const Hooks& hooks = {});

}  // namespace robmask
