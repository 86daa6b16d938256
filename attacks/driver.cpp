#include "attacks/driver.h"

#include <algorithm>

#include "engine/tape.h"

namespace robmask {

namespace {

/// The state of one drive.
class Driver {
 public:
  Driver(Attack& attack, Slots& slots, std::deque<Victim> queue, const Host& host)
      : attack_(attack),
        slots_(slots),
        queue_(std::move(queue)),
        host_(host),
        seats_(slots.count()) {
    for (const Victim& v : queue_) looks_.most_left += most_looks(v, 0);
  }

  bool finished() const { return slots_.active() == 0; }

  /// Takes images from the queue into the first of the `empty` slots, all fetched at once, each with
  /// its first run; returns how many.
  std::size_t load(const std::vector<Index>& empty) {
    std::vector<std::int32_t> images;
    for (std::size_t i = 0; i < empty.size() && i < queue_.size(); ++i)
      images.push_back(queue_[i].image);
    if (images.empty()) return 0;
    const Tensor pixels = host_.fetch(images);
    for (std::size_t i = 0; i < images.size(); ++i) {
      const Index slot = empty[i];
      slots_.machine().copy(slots_.x.images(slot, 1), pixels.images(static_cast<Index>(i), 1));
      seats_[slot].victim = std::move(queue_.front());
      queue_.pop_front();
      if (slot == slots_.active()) slots_.runs.emplace_back();
      begin(slot, 0);
    }
    return images.size();
  }

  /// One look at all active slots. Returns the slots whose images are finished, in descending order.
  std::vector<Index> look(const Classifier& classify) {
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
      seats_[slot] = std::move(seats_[last]);
    }
    slots_.runs.pop_back();
  }

 private:
  /// The image in a slot.
  struct Seat {
    Victim victim;
    Index looks = 0;  // of this run
  };

  /// The looks at a victim from its run number `run` on, if nothing breaks it.
  Index most_looks(const Victim& v, Index run) const {
    return (static_cast<Index>(v.targets.size()) - run) * attack_.looks();
  }

  void begin(Index slot, Index run) {
    Seat& seat = seats_[slot];
    const Victim& v = seat.victim;
    seat.looks = 0;
    slots_.runs[slot] = {v.image, v.label, run, v.targets[run]};
    attack_.begin(slot);
  }

  Finding finding(Index slot) const {
    const Run& run = slots_.runs[slot];
    return {.image = run.image,
            .run = run.number,
            .iteration = attack_.iteration(slot),
            .x = slots_.x.images(slot, 1),
            .x_adv = slots_.x_adv.images(slot, 1)};
  }

  /// Slot by slot: was a point found that breaks the image?
  std::vector<bool> which_break(const std::vector<Outcome>& outcomes) const {
    std::vector<bool> flags(outcomes.size());
    std::vector<Index> slots;
    std::vector<Finding> found;
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      if (outcomes[i].found) {
        slots.push_back(static_cast<Index>(i));
        found.push_back(finding(slots.back()));
      }
    if (found.empty()) return flags;
    const std::vector<bool> accepted =
        host_.accept ? host_.accept(found) : std::vector<bool>(found.size(), true);
    for (std::size_t i = 0; i < slots.size(); ++i) flags[slots[i]] = accepted[i];
    return flags;
  }

  std::vector<Index> pass(const Variable& logits, Tape* tape, const Variable& points) {
    const Index classes = logits.shape().c, active = slots_.active();
    const std::vector<double> z = logits.value().to_doubles();
    std::vector<double> gradient(z.size());
    std::vector<Outcome> outcomes;
    for (Index slot = 0; slot < active; ++slot)
      outcomes.push_back(attack_.judge(slot, Logits(&z[slot * classes], classes),
                                       LogitGradient(&gradient[slot * classes], classes)));
    const std::vector<bool> broken = which_break(outcomes);

    std::vector<Index> finished, next_run;
    PerImage<Finding> findings;
    bool running = false;
    looks_.done += active;
    looks_.most_left -= active;
    for (Index slot = active - 1; slot >= 0; --slot) {
      Seat& seat = seats_[slot];
      ++seat.looks;
      if (!broken[slot] && !outcomes[slot].over) {
        running = true;
        continue;
      }
      std::fill_n(&gradient[slot * classes], classes, 0.0);
      looks_.most_left -= attack_.looks() - seat.looks;
      const Index next = slots_.runs[slot].number + 1;
      if (!broken[slot] && next < static_cast<Index>(seat.victim.targets.size())) {
        next_run.push_back(slot);
        continue;
      }
      looks_.most_left -= most_looks(seat.victim, next);
      finished.push_back(slot);
      Finding f = finding(slot);
      if (!broken[slot]) {
        f.run = f.iteration = -1;
        if (!outcomes[slot].found) f.x_adv = attack_.kept(slot);
        if (!f.x_adv) f.x_adv = f.x;
      }
      findings.emplace(f.image, f);
    }
    if (!findings.empty()) host_.report(findings);
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
  std::deque<Victim> queue_;
  const Host& host_;
  std::vector<Seat> seats_;  // of the active slots
  Looks looks_;
};

}  // namespace

void drive(Attack& attack, Slots& slots, std::deque<Victim> queue, const Classifier& classify,
           const Host& host) {
  Driver driver(attack, slots, std::move(queue), host);
  std::vector<Index> empty(slots.count());
  for (Index i = 0; i < slots.count(); ++i) empty[i] = i;
  driver.load(empty);
  while (!driver.finished()) {
    const std::vector<Index> finished = driver.look(classify);
    const std::size_t refilled = driver.load(finished);
    for (std::size_t i = refilled; i < finished.size(); ++i) driver.close(finished[i]);
  }
}

}  // namespace robmask
