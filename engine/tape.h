#pragma once
// The tape: while it is open, it listens for the variables it was given, and records every op that
// hears one of them. Backward runs the list in reverse. That is all of automatic differentiation.
//
//   Variable x(images);
//   Tape tape({x});                      // only x is a target: no weight gradient is ever computed
//   tape.backward(cross_entropy(model(x), labels));
//   use(x.gradient());

#include <functional>
#include <initializer_list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/backend.h"
#include "engine/variable.h"

namespace robmask {

class Tape {
 public:
  /// One step of the backward pass; gets the gradient of the op's output.
  using Step = std::function<void(Tape&, const Tensor& gradient_of_output)>;
  using Slot = std::shared_ptr<GradientSlot>;
  /// Hears of a target whose gradient is complete: nothing more is written to it.
  using OnGradient = std::function<void(const GradientSlot& target)>;

  /// Opens a tape that listens for `targets`, inside any tape already open on this thread: the
  /// inner one records, the outer one hears nothing until the inner one is gone.
  explicit Tape(std::initializer_list<Variable> targets);
  /// If `adds`, to gradients that the targets have from a backward pass before.
  explicit Tape(const std::vector<Variable>& targets, bool adds = false);
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// The innermost open tape if it hears any of `inputs`, else null: then an op records nothing.
  /// Empty variables are allowed and never heard.
  static Tape* hearing(std::initializer_list<Variable> inputs);

  /// Whether this tape hears `v`; an empty variable never.
  bool hears(const Variable& v) const;
  /// The slot of `v` if this tape hears it, else null: an op asks this for each input and, in its
  /// backward step, computes only the gradients that are wanted. Who has asked is a writer.
  Slot wanted(const Variable& v);

  /// Adds a step that turns the gradient of `output` into gradients of the wanted inputs; the tape
  /// hears `output` from now on.
  void record(const Variable& output, Step step);

  /// For use inside a step: where the gradient of a wanted input goes. The first writer of a
  /// backward pass replaces, later ones add; an empty slot gives an empty sink.
  Sink sink(const Slot& slot);
  /// To be asked ahead of sink(): if the next writer is the last one, and the gradient ends at a
  /// ReLU, the slot's gate; the writer must then write 0 where that is not positive. Else empty.
  Tensor gate(const Slot& slot);
  /// In place of writing a copy of `gradient` to the sink: the slot takes it over if it is the first
  /// one. Its memory is the slot's from then on.
  void give(const Slot& slot, const Tensor& gradient);

  /// Runs the steps in reverse from d(Σ loss)/d(loss) = 1, destroying each as it is done, so that
  /// activations and gradients die as they are consumed. Afterwards the targets hold their
  /// gradients (zero where the loss does not depend on them). A tape runs backward once.
  /// `on_gradient` hears of each target once, in the order in which they are complete, while the
  /// pass goes on.
  void backward(const Variable& loss, const OnGradient& on_gradient = {});
  /// The same from a gradient of `output` that is known, of its shape.
  void backward(const Variable& output, const Tensor& gradient);

 private:
  /// The memory of `gradient` is the tape's from here on.
  void run(const Variable& output, const Tensor& gradient, const OnGradient& on_gradient);

  struct Recorded {
    Slot output;
    Step step;
  };

  struct Heard {
    bool written = false;  // the gradient, by some step of the backward pass
    int writers = 0;       // that are still to come
    bool awaited = false;  // a target of which on_gradient has not heard
  };

  std::vector<Slot> targets_;
  std::unordered_map<GradientSlot*, Heard> heard_;  // by root slot
  std::vector<Recorded> steps_;
  std::vector<Slot> complete_;  // targets whose last writer is at work
  Tape* outer_;
};

}  // namespace robmask
