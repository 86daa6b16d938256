#include "attacks/evaluate.h"

#include <numeric>
#include <set>

#include "attacks/checks.h"
#include "attacks/dealer.h"
#include "attacks/quantize.h"
#include "engine/bytes.h"
#include "engine/ranges.h"

namespace robmask {

namespace {

using Ids = std::vector<std::int32_t>;

/// One stage of an evaluation: drives its attack, and confirms what it hands out.
class Stage {
 public:
  Stage(Verdicts& verdicts, const Evaluation& evaluation, const LabelledImages& images,
        const Hooks& hooks, Index number, Index classes)
      : verdicts_(verdicts),
        evaluation_(evaluation),
        images_(images),
        hooks_(hooks),
        number_(number),
        classes_(classes),
        plan_(stages(evaluation.plan)[number]),
        judged_(evaluation.judged ? evaluation.judged : evaluation.attacked),
        hand_out_(evaluation.judged     ? HandOut::strongest
                  : evaluation.quantize ? HandOut::checked
                                        : HandOut::first),
        first_(!evaluation.processes || evaluation.processes->first()) {}

  /// Attacks these images.
  void run(const Ids& images) {
    open_ = images;
    attack_open(evaluation_.batch);
  }

  /// Attacks those of these images that the dealer gives to this process.
  void share(const Ids& images, Processes& processes) {
    const auto on_look = [this] {
      if (hooks_.on_look) hooks_.on_look({});
    };
    dealer_.emplace(
        processes, images, evaluation_.batch,
        Dealer::Host{.found = [this](Index count, const auto& what) { take_in(count, what); },
                     .look = on_look});
    attack_open(dealer_->slots());
    dealer_->finish();
    if (hooks_.shares && processes.first()) hooks_.shares(number_, dealer_->finished());
  }

 private:
  /// With smaller batches where memory does not suffice.
  void attack_open(Index batch) {
    for (bool over = false; !over;) try {
        if (!dealer_) batch = std::min<Index>(batch, std::ssize(open_));
        drive_all(batch);
        over = true;
      } catch (const OutOfMemory& error) {
        batch = smaller_batch(*images_.machine, batch, error, hooks_.warn);
        std::erase_if(open_, [&](std::int32_t image) { return done_.contains(image); });
      }
  }

  /// What slots hand out, as it would be saved.
  Tensor handed_out(const Slots& slots, const std::vector<Index>& which, const Tensor& x) const {
    const Tensor x_adv = gathered(slots.x_adv, which);
    return evaluation_.quantize ? rounded_to_bytes(x_adv, x, plan_.norm, plan_.eps) : x_adv;
  }

  /// The classes that the judging network gives these images.
  std::vector<Index> classes_of(const Ids& ids, const Tensor& x_adv) const {
    return predictions(judged_(Variable(x_adv)).value(), ids, images_);
  }

  static Ids ids_in(const Slots& slots, const std::vector<Index>& which) {
    Ids ids;
    for (const Index slot : which) ids.push_back(slots.runs[slot].image);
    return ids;
  }

  std::vector<bool> accept(const Slots& slots, const std::vector<Index>& found) const {
    const Ids ids = ids_in(slots, found);
    const std::vector<Index> classes =
        classes_of(ids, handed_out(slots, found, gathered(slots.x, found)));
    std::vector<bool> wrong;
    for (std::size_t i = 0; i < ids.size(); ++i)
      wrong.push_back(classes[i] != images_.labels[ids[i]]);
    return wrong;
  }

  /// Gives each image that finished its verdict: broken only if what is handed out lies in the ball
  /// and is misclassified.
  void conclude(const Slots& slots, std::vector<Index> finished) {
    std::ranges::sort(finished, {}, [&](Index slot) { return slots.runs[slot].image; });
    const Ids ids = ids_in(slots, finished);
    const Tensor x = gathered(slots.x, finished), x_adv = handed_out(slots, finished, x);
    const Tensor distance(x.machine(), {x.shape().n, 1, 1, 1}, x.dtype());
    x.machine().distance(distance, x_adv, x, plan_.norm);
    const std::vector<double> distances = distance.to_doubles();
    const std::vector<Index> classes = classes_of(ids, x_adv);

    PerImage<Verdict> fresh;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const Run& run = slots.runs[finished[i]];
      Verdict v{.image = ids[i],
                .clean = true,
                .robust = classes[i] == images_.labels[ids[i]] ||
                          doubt_about_ball(distances[i], plan_.eps),
                .perturbation = distances[i],
                .prediction = classes[i]};
      if (!v.robust) v.broken_by = plan_.attack;
      if (!v.robust && run.broken) {
        v.restart = is_targeted(plan_.attack) ? run.number / plan_.restarts : run.number;
        v.iteration = run.iteration;
      }
      fresh[ids[i]] = v;
    }
    if (first_) note(fresh, x_adv);
    if (dealer_) tell_dealer(fresh, x_adv);
    done_.insert(ids.begin(), ids.end());
  }

  void note(const PerImage<Verdict>& fresh, const Tensor& x_adv) {
    for (const auto& [image, verdict] : fresh) verdicts_[image] = verdict;
    if (hooks_.finish) hooks_.finish(number_, fresh, x_adv);
  }

  /// Process 0 only counts its own. To it, others write letters of a size that MPI takes.
  void tell_dealer(const PerImage<Verdict>& fresh, const Tensor& x_adv) {
    const Index n = std::ssize(fresh);
    if (first_) return dealer_->found(n, {});
    Verdicts verdicts;
    for (const auto& [image, verdict] : fresh) verdicts.push_back(verdict);
    constexpr Index most_numbers = Index{1} << 24;
    const Index most = std::max<Index>(most_numbers / images_.shape.count(), 1);
    for (Index i = 0; i < n; i += most) {
      const Index count = std::min(most, n - i);
      const auto some = verdicts.begin() + i;
      dealer_->found(count, bytes_of(Verdicts(some, some + count)) +
                                bytes_of(x_adv.images(i, count).to_doubles()));
    }
  }

  /// What another process wrote.
  void take_in(Index count, const std::string& what) {
    const std::size_t pixels = static_cast<std::size_t>(count) * sizeof(Verdict);
    PerImage<Verdict> fresh;
    for (const Verdict& v : from_bytes<Verdict>(what.substr(0, pixels))) fresh[v.image] = v;
    note(fresh, make_tensor(*images_.machine, images_.shape.with_images(count), images_.dtype,
                            from_bytes<double>(what.substr(pixels))));
  }

  /// Each image with its runs: one a restart, or one a restart and class that it aims at, the
  /// likeliest first.
  std::deque<Run> queue_of(const Ids& open, Index batch) const {
    std::deque<Run> queue;
    const auto restarts = static_cast<std::size_t>(plan_.restarts);
    in_batches(*images_.machine, open, batch, hooks_.warn, [&](const Ids& some) {
      std::vector<double> z;
      if (is_targeted(plan_.attack))
        z = evaluation_.attacked(Variable(images_.pixels(some))).value().to_doubles();
      const auto classes = static_cast<std::size_t>(classes_);
      for (std::size_t i = 0; i < some.size(); ++i) {
        Run run{.image = some[i], .label = images_.labels[some[i]], .targets = {}};
        if (z.empty())
          run.targets.assign(restarts, -1);
        else
          for (const std::int32_t target :
               runners_up({&z[i * classes], classes}, run.label, plan_.targets))
            run.targets.insert(run.targets.end(), restarts, target);
        queue.push_back(std::move(run));
      }
    });
    return queue;
  }

  void drive_all(Index batch) {
    Slots slots(*images_.machine, images_.shape.with_images(batch), images_.dtype);
    const auto attack = make_attack(plan_, hand_out_, slots, evaluation_.seed, classes_);
    Host host{.finished = [&](const auto& which) { conclude(slots, which); },
              .on_look = hooks_.on_look};
    if (dealer_) {
      host.on_look = [&](const Looks&) { dealer_->look(); };
      host.more = [&](Index unfinished) {
        const Ids more = dealer_->take(unfinished);
        open_.insert(open_.end(), more.begin(), more.end());
        return queue_of(more, batch);
      };
    }
    if (hand_out_ != HandOut::first)
      host.accept = [&](const auto& found) { return accept(slots, found); };
    drive(*attack, slots, queue_of(open_, batch), evaluation_.attacked, images_, host);
  }

  Verdicts& verdicts_;
  const Evaluation& evaluation_;
  const LabelledImages& images_;
  const Hooks& hooks_;
  Index number_, classes_;  // of the stage; of the network
  AttackPlan plan_;
  Classifier judged_;
  HandOut hand_out_;
  bool first_;                    // of the processes
  std::optional<Dealer> dealer_;  // among them
  Ids open_;                      // images to attack here
  std::set<std::int32_t> done_;
};

}  // namespace

Verdicts clean_verdicts(const Classifier& judged, const LabelledImages& images, Index batch,
                        const std::function<void(Index done)>& on_batch, const Warn& warn,
                        Processes* processes) {
  const auto of = [&](const Shards& range) {
    Ids some(range.count());
    std::iota(some.begin(), some.end(), static_cast<std::int32_t>(range.first));
    Verdicts verdicts;
    in_batches(*images.machine, some, batch, warn, [&](const Ids& ids) {
      const Tensor logits = judged(Variable(images.pixels(ids))).value();
      const std::vector<Index> classes = predictions(logits, ids, images);
      for (std::size_t i = 0; i < ids.size(); ++i) {
        const bool right = classes[i] == images.labels[ids[i]];
        verdicts.push_back(
            {.image = ids[i], .clean = right, .robust = right, .prediction = classes[i]});
      }
      if (on_batch) on_batch(std::ssize(verdicts));
    });
    return verdicts;
  };
  if (!processes) return of({0, images.count()});
  std::string all;
  for (const std::string& part : in_ranges(
           *processes, images.count(), [&](const Shards& range) { return bytes_of(of(range)); }))
    all += part;
  return from_bytes<Verdict>(all);
}

Verdicts taken_as_right(Index count) {
  Verdicts verdicts;
  for (Index i = 0; i < count; ++i)
    verdicts.push_back({.image = static_cast<std::int32_t>(i), .clean = true, .robust = true});
  return verdicts;
}

void attack(Verdicts& verdicts, const Evaluation& evaluation, const LabelledImages& images,
            const Hooks& hooks) {
  const std::vector<AttackPlan> plans = stages(evaluation.plan);
  Processes* const processes = evaluation.processes;
  std::optional<Index> classes;
  for (Index number = 0; number < std::ssize(plans); ++number) {
    const auto standing = [&] {
      Ids ids;
      for (const Verdict& v : verdicts)
        if (v.robust) ids.push_back(v.image);
      return ids;
    };
    if (plans[number].is_idle()) continue;
    Ids open = standing();
    const auto begin = [&] {
      const PerImage<Verdict> known = hooks.begin(number, open);
      for (const auto& [image, verdict] : known) verdicts[image] = verdict;
      std::erase_if(open, [&](std::int32_t image) { return known.contains(image); });
    };
    if (hooks.begin) processes ? processes->first_does(begin) : begin();
    if (processes) open = from_bytes<std::int32_t>(processes->broadcast(bytes_of(open)));
    if (!open.empty()) {
      if (!classes) {
        classes = evaluation.attacked(Variable(images.pixels({open.front()}))).shape().c;
        for (const AttackPlan& plan : plans) check_classes(plan, *classes);
      }
      Stage stage(verdicts, evaluation, images, hooks, number, *classes);
      processes ? stage.share(open, *processes) : stage.run(open);
    }
    if (processes) verdicts = from_bytes<Verdict>(processes->broadcast(bytes_of(verdicts)));
    if (hooks.end && (!processes || processes->first())) hooks.end(number, standing());
  }
}

Verdicts evaluate(const Evaluation& evaluation, const LabelledImages& images, const Hooks& hooks) {
  Verdicts verdicts =
      clean_verdicts(evaluation.judged ? evaluation.judged : evaluation.attacked, images,
                     evaluation.batch, {}, hooks.warn, evaluation.processes);
  attack(verdicts, evaluation, images, hooks);
  return verdicts;
}

}  // namespace robmask
