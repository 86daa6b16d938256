#pragma once
// Runs an attack on a list of images.

#include <deque>

#include "attacks/attack.h"
#include "attacks/classifier.h"

namespace robmask {

/// Looks at single images: how many there were, and how many there will be unless images break.
struct Looks {
  Index done = 0, most_left = 0;
};
using OnLook = std::function<void(const Looks&)>;

/// Whom a drive asks and tells of slots; what it tells may throw. Of a slot, `runs` says which
/// image and run it is, `x` holds the image and `x_adv` the point that was found, or what was kept
/// of a run that found none.
struct Host {
  /// Which of these slots' points break their images? Empty: all of them.
  std::function<std::vector<bool>(const std::vector<Index>& slots)> accept = {};
  /// Hears of each image once, of those together that finish at the same look.
  std::function<void(const std::vector<Index>& slots)> finished;
  /// Hears of every look.
  OnLook on_look = {};
  /// Where others share the images: asked before each look for runs that go to the end of the queue,
  /// while so many images are at work here or wait there. With none of them, it waits for some, and
  /// gives none only where there will be no more.
  std::function<std::deque<Run>(Index images)> more = {};
};

/// Attacks every image of the queue with its runs, from the first, until one breaks it. Slots are
/// filled from the queue and refilled as images finish.
void drive(Attack& attack, Slots& slots, std::deque<Run> queue, const Classifier& classify,
           const LabelledImages& images, const Host& host);

}  // namespace robmask
