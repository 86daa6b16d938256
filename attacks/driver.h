#pragma once
// Runs an attack on a list of images.

#include <deque>

#include "attacks/attack.h"
#include "attacks/per_image.h"
#include "engine/variable.h"

namespace robmask {

/// N·H·W·C in [0,1] → {N,1,1,classes}: the network that is attacked, in eval mode: an image's logits
/// depend on nothing else in the batch.
using Classifier = std::function<Variable(const Variable& images)>;

/// An image and the classes that its runs aim at, in their order; −1 for runs that aim at none.
struct Victim {
  std::int32_t image = 0, label = 0;
  std::vector<std::int32_t> targets;
};

/// What the runs came to: the run and its iteration that broke the image, or −1.
struct Finding {
  std::int32_t image = 0;
  Index run = -1, iteration = -1;
  // {1,H,W,C}, valid during the call: the image, and the point that was found, or what was kept
  Tensor x = {}, x_adv = {};

  bool broken() const { return run >= 0; }
};

/// Looks at single images: how many there were, and how many there will be unless images break.
struct Looks {
  Index done = 0, most_left = 0;
};

/// Which of these points that runs found break their images?
using Accept = std::function<std::vector<bool>(const std::vector<Finding>&)>;
using OnLook = std::function<void(const Looks&)>;

/// Whom a drive asks and tells; what it tells may throw.
struct Host {
  /// The pixels of images.
  std::function<Tensor(const std::vector<std::int32_t>&)> fetch;
  /// Hears of each image once, of those together that finish at the same look.
  std::function<void(const PerImage<Finding>&)> report;
  /// Empty: whatever is found breaks its image.
  Accept accept = {};
  /// Hears of every look.
  OnLook on_look = {};
};

/// Attacks every victim with its runs until one breaks it. Slots are filled from the queue and refilled
/// as images finish.
void drive(Attack& attack, Slots& slots, std::deque<Victim> queue, const Classifier& classify,
           const Host& host);

}  // namespace robmask
