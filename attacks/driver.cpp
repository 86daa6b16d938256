#include "attacks/driver.h"

#include <algorithm>

#include "engine/tape.h"

namespace robmask {

Slots::Slots(Backend& machine, const Shape& shape, DType dtype)
    : x(machine, shape, dtype), x_adv(machine, shape, dtype), rows_{x, x_adv} {}

Tensor Slots::make_rows() { return rows_.emplace_back(x.machine(), x.shape(), x.dtype()); }

void Slots::move(Index from, Index to) {
  for (const Tensor& t : rows_) machine().copy(t.images(to, 1), t.images(from, 1));
  runs[to] = runs[from];
}

namespace {

/// The state of one drive.
class Driver {
 public:
  Driver(Attack& attack, Slots& slots, std::deque<Victim> queue)
      : attack_(attack), slots_(slots), queue_(std::move(queue)), victims_(slots.count()) {}

  bool finished() const { return slots_.active() == 0; }

  /// Takes images from the queue into the first of the `empty` slots, all fetched at once, each with
  /// its first run; returns how many.
  template <class Fetch>
  std::size_t load(const std::vector<Index>& empty, const Fetch& fetch) {
    std::vector<std::int32_t> images;
    for (std::size_t i = 0; i < empty.size() && i < queue_.size(); ++i)
      images.push_back(queue_[i].image);
    if (images.empty()) return 0;
    const Tensor pixels = fetch(images);
    for (std::size_t i = 0; i < images.size(); ++i) {
      const Index slot = empty[i];
      slots_.machine().copy(slots_.x.images(slot, 1), pixels.images(static_cast<Index>(i), 1));
      victims_[slot] = std::move(queue_.front());
      queue_.pop_front();
      if (slot == slots_.active()) slots_.runs.emplace_back();
      begin(slot, 0);
    }
    return images.size();
  }

  /// One look at all active slots. Returns the slots whose images are finished, in descending order.
  template <class Report>
  std::vector<Index> look(const Classifier& classify, const Report& report) {
    const Variable points(slots_.x_adv.images(0, slots_.active()));
    if (!attack_.wants_gradient()) return pass(classify(points), nullptr, points, report);
    Tape tape({points});
    return pass(classify(points), &tape, points, report);
  }

  /// Slots without an image are filled from the end.
  void close(Index slot) {
    const Index last = slots_.active() - 1;
    if (slot != last) {
      slots_.move(last, slot);
      attack_.move(last, slot);
      victims_[slot] = std::move(victims_[last]);
    }
    slots_.runs.pop_back();
  }

 private:
  void begin(Index slot, Index run) {
    const Victim& v = victims_[slot];
    slots_.runs[slot] = {v.image, v.label, run, v.targets[run]};
    attack_.begin(slot);
  }

  template <class Report>
  std::vector<Index> pass(const Variable& logits, Tape* tape, const Variable& points,
                          const Report& report) {
    const Index classes = logits.shape().c, active = slots_.active();
    const std::vector<double> z = logits.value().to_doubles();
    std::vector<double> gradient(z.size());
    std::vector<Index> finished, next_run;
    std::vector<Finding> findings;
    bool running = false;
    for (Index slot = active - 1; slot >= 0; --slot) {
      const LogitGradient own(&gradient[slot * classes], classes);
      const Outcome outcome = attack_.judge(slot, Logits(&z[slot * classes], classes), own);
      const Run& run = slots_.runs[slot];
      if (outcome == Outcome::running) {
        running = true;
        continue;
      }
      std::ranges::fill(own, 0.0);
      const bool last = run.number + 1 == static_cast<Index>(victims_[slot].targets.size());
      if (outcome == Outcome::over && !last) {
        next_run.push_back(slot);
        continue;
      }
      finished.push_back(slot);
      Finding f{.image = run.image, .x = slots_.x.images(slot, 1)};
      if (outcome == Outcome::broken) {
        f.run = run.number;
        f.iteration = attack_.iteration(slot);
        f.x_adv = slots_.x_adv.images(slot, 1);
      } else {
        const Tensor kept = attack_.kept(slot);
        f.x_adv = kept ? kept : f.x;
      }
      findings.push_back(f);
    }
    if (!findings.empty()) report(findings);
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
    return finished;
  }

  Attack& attack_;
  Slots& slots_;
  std::deque<Victim> queue_;
  std::vector<Victim> victims_;  // of the active slots
};

}  // namespace

void drive(Attack& attack, Slots& slots, std::deque<Victim> queue, const Classifier& classify,
           const std::function<Tensor(const std::vector<std::int32_t>&)>& fetch,
           const std::function<void(const std::vector<Finding>&)>& report) {
  Driver driver(attack, slots, std::move(queue));
  std::vector<Index> empty(slots.count());
  for (Index i = 0; i < slots.count(); ++i) empty[i] = i;
  driver.load(empty, fetch);
  while (!driver.finished()) {
    const std::vector<Index> finished = driver.look(classify, report);
    const std::size_t refilled = driver.load(finished, fetch);
    for (std::size_t i = refilled; i < finished.size(); ++i) driver.close(finished[i]);
  }
}

}  // namespace robmask
