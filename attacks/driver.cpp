#include "attacks/driver.h"

#include <algorithm>
#include <numeric>

#include "engine/tape.h"

namespace robmask {

namespace {

/// The state of one drive.
class Driver {
 public:
  Driver(Attack& attack, Slots& slots, std::deque<Run> queue, const LabelledImages& images,
         const Host& host)
      : attack_(attack), slots_(slots), queue_(std::move(queue)), images_(images), host_(host) {
    for (const Run& run : queue_) looks_.most_left += most_looks(run, 0);
  }

  /// Fills all slots that the queue suffices for. Are images at work?
  bool fill() {
    if (host_.more)
      for (const Run& run : host_.more(slots_.active() + std::ssize(queue_))) {
        looks_.most_left += most_looks(run, 0);
        queue_.push_back(run);
      }
    std::vector<Index> empty(slots_.count() - slots_.active());
    std::iota(empty.begin(), empty.end(), slots_.active());
    load(empty);
    return slots_.active() > 0;
  }

  /// One look at all active slots; those whose images finish take others, or are closed.
  void look(const Classifier& classify) {
    const std::vector<Index> finished = pass(classify);
    for (std::size_t i = load(finished); i < finished.size(); ++i) close(finished[i]);
  }

 private:
  /// Takes images from the queue into the first of the `empty` slots, all fetched at once, each
  /// with its first run; returns how many.
  std::size_t load(const std::vector<Index>& empty) {
    std::vector<std::int32_t> ids;
    for (std::size_t i = 0; i < empty.size() && i < queue_.size(); ++i)
      ids.push_back(queue_[i].image);
    if (ids.empty()) return 0;
    const Tensor pixels = images_.pixels(ids);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const Index slot = empty[i];
      slots_.machine().copy(slots_.x.images(slot, 1), pixels.images(static_cast<Index>(i), 1));
      if (slot == slots_.active()) slots_.runs.emplace_back();
      slots_.runs[slot] = std::move(queue_.front());
      queue_.pop_front();
      begin(slot, 0);
    }
    return ids.size();
  }

  /// Returns the slots whose images are finished, in descending order.
  std::vector<Index> pass(const Classifier& classify) {
    const Variable points(slots_.x_adv.images(0, slots_.active()));
    if (!attack_.wants_gradient()) return pass(classify(points), nullptr, points);
    Tape tape({points});
    return pass(classify(points), &tape, points);
  }

  /// Slots without an image are filled from the end.
  void close(Index slot) {
    const Index last = slots_.active() - 1;
    if (slot != last) {
      slots_.move(last, slot);
      attack_.move(last, slot);
    }
    slots_.runs.pop_back();
  }

  /// The looks at an image from its run `number` on, if nothing breaks it.
  Index most_looks(const Run& run, Index number) const {
    return (std::ssize(run.targets) - number) * attack_.looks();
  }

  void begin(Index slot, Index number) {
    Run& run = slots_.runs[slot];
    run.number = number;
    run.looks = 0;
    attack_.begin(slot);
  }

  /// Slot by slot: was a point found that breaks the image?
  std::vector<bool> which_break(const std::vector<RunStatus>& outcomes) const {
    std::vector<bool> flags(outcomes.size());
    std::vector<Index> found;
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      if (outcomes[i].found) found.push_back(static_cast<Index>(i));
    if (found.empty()) return flags;
    const std::vector<bool> accepted =
        host_.accept ? host_.accept(found) : std::vector<bool>(found.size(), true);
    for (std::size_t i = 0; i < found.size(); ++i) flags[found[i]] = accepted[i];
    return flags;
  }

  /// The image's last run is over: says what came of it, and puts what is handed out into x_adv.
  void finish(Index slot, const RunStatus& outcome, bool broken) {
    Run& run = slots_.runs[slot];
    run.broken = broken;
    run.iteration = broken ? attack_.iteration(slot) : -1;
    if (!outcome.found && !attack_.keeps_last())
      slots_.machine().copy(slots_.x_adv.images(slot, 1), slots_.x.images(slot, 1));
  }

  std::vector<Index> pass(const Variable& logits, Tape* tape, const Variable& points) {
    const Index classes = logits.shape().c, active = slots_.active();
    const std::vector<double> z = logits.value().to_doubles();
    std::vector<double> gradient(z.size());
    std::vector<RunStatus> outcomes;
    for (Index slot = 0; slot < active; ++slot)
      outcomes.push_back(attack_.judge(slot, Logits(&z[slot * classes], classes),
                                       LogitGradient(&gradient[slot * classes], classes)));
    const std::vector<bool> broken = which_break(outcomes);

    std::vector<Index> finished, next_run;
    bool running = false;
    looks_.done += active;
    looks_.most_left -= active;
    for (Index slot = active - 1; slot >= 0; --slot) {
      Run& run = slots_.runs[slot];
      ++run.looks;
      if (!broken[slot] && !outcomes[slot].over) {
        running = true;
        continue;
      }
      std::fill_n(&gradient[slot * classes], classes, 0.0);
      looks_.most_left -= attack_.looks() - run.looks;
      if (!broken[slot] && run.number + 1 < std::ssize(run.targets)) {
        next_run.push_back(slot);
        continue;
      }
      looks_.most_left -= most_looks(run, run.number + 1);
      finished.push_back(slot);
      finish(slot, outcomes[slot], broken[slot]);
    }
    if (!finished.empty()) host_.finished(finished);
    if (running) {
      Tensor gradient_of_points;
      if (tape) {
        tape->backward(logits, make_tensor(logits.machine(), logits.shape(), logits.value().dtype(),
                                           gradient));
        gradient_of_points = points.gradient();
      }
      attack_.advance(gradient_of_points);
    }
    for (const Index slot : next_run) begin(slot, slots_.runs[slot].number + 1);
    if (host_.on_look) host_.on_look(looks_);
    return finished;
  }

  Attack& attack_;
  Slots& slots_;
  std::deque<Run> queue_;
  const LabelledImages& images_;
  const Host& host_;
  Looks looks_;
};

}  // namespace

void drive(Attack& attack, Slots& slots, std::deque<Run> queue, const Classifier& classify,
           const LabelledImages& images, const Host& host) {
  Driver driver(attack, slots, std::move(queue), images, host);
  while (driver.fill()) driver.look(classify);
}

}  // namespace robmask
