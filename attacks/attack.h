#pragma once
// An attack in slots: it works on a batch of images, each in a slot of its own with its own
// counters, and an image that is finished makes room for another. So a full batch goes through the
// network however long each image takes (attacks/driver.h runs it).

#include <cmath>

#include "attacks/losses.h"
#include "engine/backend.h"

namespace robmask {

/// The image in a slot, and which of its runs is at work there.
struct Run {
  std::int32_t image = 0, label = 0;
  std::vector<std::int32_t> targets{-1};  // the class that each run aims at; −1: none
  Index number = 0;      // of the run; with (seed, image) it names all random numbers
  Index looks = 0;       // of this run, so far
  Index iteration = -1;  // of this run, where what it handed out was found; −1: nothing was
  bool broken = false;   // by this run

  std::int32_t target() const { return targets[number]; }
};

/// Which of a run's points in the ball it hands out.
enum class HandOut {
  first,     // the first that is misclassified, and the run is over; of C&W the nearest
  checked,   // each that is misclassified, until one is accepted: rounding may have undone it
  strongest  // at its end, that of highest loss, misclassified or not: another network judges it
};

/// The ball an attack stays in, whose random numbers it draws, and what is wanted of it.
struct Terms {
  Norm norm = Norm::linf;
  double eps = 0;
  std::uint64_t seed = 0;
  HandOut hand_out = HandOut::first;
};

/// The batch an attack works on. Rows 0 … active−1 of every tensor belong to active slots.
class Slots {
 public:
  /// shape: N·H·W·C, N the number of slots.
  Slots(Backend& machine, const Shape& shape, DType dtype);

  Tensor x;               // the images as they are
  Tensor x_adv;           // the points to look at next
  std::vector<Run> runs;  // of the active slots

  Index count() const { return x.shape().n; }
  Index active() const { return static_cast<Index>(runs.size()); }
  Backend& machine() const { return x.machine(); }
  DType dtype() const { return x.dtype(); }

  /// Another tensor like x that moves with the slots.
  Tensor make_rows();
  /// Slot `from` of all tensors and runs takes the place of slot `to`.
  void move(Index from, Index to);
  /// One number of each active slot, {active,1,1,1}.
  template <class F>
  Tensor numbers(F&& of_slot) const {
    std::vector<double> values(active());
    for (Index i = 0; i < active(); ++i) values[i] = of_slot(i);
    return make_tensor(machine(), {active(), 1, 1, 1}, dtype(), values);
  }
  /// One number for all.
  Tensor number(double value) const { return make_tensor(machine(), {}, dtype(), {value}); }

 private:
  std::vector<Tensor> rows_;
};

/// The point of highest value that each slot's run came by.
class Strongest {
 public:
  explicit Strongest(Slots& slots);

  /// A run begins: nothing yet.
  void begin(Index slot) { values_[slot] = -HUGE_VAL; }
  /// Takes in the slot's x_adv. Is it the strongest so far?
  bool consider(Index slot, double value);
  bool any(Index slot) const { return values_[slot] > -HUGE_VAL; }
  /// Puts the strongest, if any, into the slot's x_adv.
  void hand_out(Index slot) const;
  void move(Index from, Index to) { values_[to] = values_[from]; }

 private:
  Slots& slots_;
  Tensor points_;
  std::vector<double> values_;
};

/// What a look says of a run: did it find a point to hand out, which x_adv holds now; and is it
/// over, found or not?
struct RunStatus {
  bool found = false, over = false;
};

class Attack {
 public:
  virtual ~Attack() = default;

  /// Starts slots.runs[slot] on row `slot` of x: writes its first point to x_adv.
  virtual void begin(Index slot) = 0;
  /// Will the coming look want a gradient, if any slot goes on after it?
  virtual bool wants_gradient() const = 0;
  /// What the network says of the point in `slot`. Writes the gradient that the backward pass of
  /// the slot starts with, if one is wanted.
  virtual RunStatus judge(Index slot, Logits z, LogitGradient gradient) = 0;
  /// Moves x_adv of all active slots to the next points; what it does to those that do not go on
  /// does not matter. gradient: like x, of the active slots; empty unless wanted.
  virtual void advance(const Tensor& gradient) = 0;
  /// Slot `from` of the attack's own numbers takes the place of slot `to`.
  virtual void move(Index from, Index to) = 0;
  /// The looks that a run takes at most.
  virtual Index looks() const = 0;
  /// Looks it took to the last judgement of this slot's run, not counting that at its start.
  virtual Index iteration(Index slot) const = 0;
  /// Does a run that is over without a find hand out its last point? Else the image as it is.
  virtual bool keeps_last() const { return false; }
};

}  // namespace robmask
