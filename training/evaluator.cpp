#include "training/evaluator.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "training/manners.h"

namespace robmask {

namespace {

/// The size of batch to go on with where `size` images were too many for the machine's memory; no result
/// depends on it. Throws the error again if there is no smaller one.
Index smaller_batch(Backend& machine, Index size, const OutOfMemory& error) {
  if (size == 1) throw error;
  machine.pool()->trim();
  warn(
      fmt::format("{}; going on with --batch {}, which changes no result", error.what(), size / 2));
  return size / 2;
}

/// Splits a list into batches, smaller ones where memory does not suffice. What `f` does to others it
/// does last.
template <class F>
void in_batches(Backend& machine, const std::vector<std::int32_t>& list, Index size, F&& f) {
  for (std::size_t first = 0; first < list.size();) {
    const std::size_t last = std::min(list.size(), first + size);
    try {
      f(std::vector<std::int32_t>(list.begin() + first, list.begin() + last));
      first = last;
    } catch (const OutOfMemory& error) {
      size = smaller_batch(machine, static_cast<Index>(last - first), error);
    }
  }
}

}  // namespace

std::vector<Index> classes_of(const Tensor& logits, const std::vector<std::int32_t>& ids,
                              const Split& split) {
  const std::vector<double> values = logits.to_doubles();
  std::vector<Index> classes;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto row = values.begin() + static_cast<Index>(i) * logits.shape().c;
    const auto end = row + logits.shape().c;
    const Path file = split.file_of(ids[i]);
    require(std::all_of(row, end, [](double v) { return std::isfinite(v); }),
            "the logits of image {}{} are not finite: the weights overflow, or are damaged; check "
            "them, or try --precision fp64",
            ids[i], file.empty() ? "" : fmt::format(" ({})", file.string()));
    classes.push_back(std::max_element(row, end) - row);
  }
  return classes;
}

Evaluator::Evaluator(const Model& model, const Images& images, Index batch, std::uint64_t seed)
    : model_(model), images_(images), batch_(batch), seed_(seed) {}

Tensor Evaluator::logits(double p, const std::vector<std::int32_t>& images) const {
  const Batch batch = images_.batch(model_.dtype(), images);
  return model_.logits(Variable(batch.images), model_.eval(batch.images.shape().n, p)).value();
}

std::vector<bool> Evaluator::correct(const Tensor& x, const Tensor& labels,
                                     const Context& context) const {
  const Tensor hits(model_.machine(), {x.shape().n, 1, 1, 1}, model_.dtype());
  model_.machine().correct(hits, model_.logits(Variable(x), context).value(), labels);
  const std::vector<double> values = hits.to_doubles();
  return {values.begin(), values.end()};
}

std::vector<bool> Evaluator::clean(double p, const OnBatch& on_batch) const {
  std::vector<std::int32_t> all(images_.size());
  std::iota(all.begin(), all.end(), 0);
  std::vector<bool> result;
  in_batches(model_.machine(), all, batch_, [&](const std::vector<std::int32_t>& list) {
    const Batch batch = images_.batch(model_.dtype(), list);
    const auto hits = correct(batch.images, batch.labels, model_.eval(batch.images.shape().n, p));
    result.insert(result.end(), hits.begin(), hits.end());
    if (on_batch) on_batch(static_cast<Index>(result.size()), {});
  });
  return result;
}

std::vector<Index> Evaluator::classes(double p, const OnBatch& on_batch) const {
  std::vector<std::int32_t> all(images_.size());
  std::iota(all.begin(), all.end(), 0);
  std::vector<Index> result;
  in_batches(model_.machine(), all, batch_, [&](const std::vector<std::int32_t>& list) {
    const auto some = classes_of(logits(p, list), list, images_.split());
    result.insert(result.end(), some.begin(), some.end());
    if (on_batch) on_batch(static_cast<Index>(result.size()), {});
  });
  return result;
}

/// What a stage works on, and for whom.
struct Evaluator::Stage {
  const AttackPlan& plan;
  const std::vector<std::int32_t>& images;
  Host host;
};

std::vector<Victim> Evaluator::victims(double p, const AttackPlan& plan,
                                       const std::vector<std::int32_t>& images) const {
  std::vector<Victim> list;
  const std::size_t runs = static_cast<std::size_t>(plan.restarts);
  in_batches(model_.machine(), images, batch_, [&](const std::vector<std::int32_t>& batch) {
    std::vector<double> z;
    if (is_targeted(plan.attack)) z = logits(p, batch).to_doubles();
    const auto classes = static_cast<std::size_t>(model_.spec().classes);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Victim v{batch[i], images_.split().labels[batch[i]], std::vector<std::int32_t>(runs, -1)};
      if (!z.empty()) {
        v.targets.clear();
        for (const std::int32_t target :
             runners_up({&z[i * classes], classes}, v.label, plan.targets))
          v.targets.insert(v.targets.end(), runs, target);
      }
      list.push_back(v);
    }
  });
  return list;
}

void Evaluator::run(double p, Index batch, const Stage& stage) const {
  const auto count = static_cast<Index>(stage.images.size());
  Slots slots(model_.machine(), images_.shape(std::min(batch, count)), model_.dtype());
  const auto attack = make_attack(stage.plan, slots, seed_, model_.spec().classes);
  const std::vector<Victim> list = victims(p, stage.plan, stage.images);
  drive(
      *attack, slots, {list.begin(), list.end()},
      [&](const Variable& x) { return model_.logits(x, model_.eval(x.shape().n, p)); }, stage.host);
}

std::vector<Verdict> Evaluator::attack(double p, const AttackPlan& plan,
                                       const std::vector<std::int32_t>& targets, const Hooks& hooks,
                                       const Standing* from) const {
  const std::vector<AttackPlan> list = stages(plan);
  for (const AttackPlan& stage : list) check_classes(stage, model_.spec().classes);
  expect(hooks.accept || plan.hand_out != HandOut::strongest, "nobody judges the strongest points");
  std::vector<std::int32_t> standing = targets;
  if (from)
    std::erase_if(standing,
                  [known = std::set<std::int32_t>(from->survivors.begin(), from->survivors.end())](
                      std::int32_t image) { return !known.contains(image); });
  PerImage<Verdict> verdicts, fresh;  // all, and those since the last call of on_batch
  const auto tell = [&] {
    if (hooks.on_batch && !fresh.empty())
      hooks.on_batch(static_cast<Index>(verdicts.size()), fresh);
    fresh.clear();
  };
  const auto order = standing;
  for (Index i = from ? from->stage : 0; i < static_cast<Index>(list.size()) && !standing.empty();
       ++i) {
    const AttackPlan& stage = list[i];
    const bool last = i + 1 == static_cast<Index>(list.size());
    std::set<std::int32_t> broken, done;
    const auto finished = [&](const Finding& f) {
      done.insert(f.image);
      if (f.broken()) broken.insert(f.image);
      if (!f.broken() && !last) return;
      const Tensor distance(model_.machine(), {1, 1, 1, 1}, model_.dtype());
      model_.machine().distance(distance, f.x_adv, f.x, plan.norm);
      Verdict v{.image = f.image, .robust = !f.broken(), .perturbation = distance.item()};
      if (f.broken()) {
        v.broken_by = stage.attack;
        v.restart = is_targeted(stage.attack) ? f.run / stage.restarts : f.run;
        v.iteration = f.iteration;
      }
      verdicts[f.image] = fresh[f.image] = v;
      if (!hooks.adversarial) return;
      const Tensor own(model_.machine(), f.x_adv.shape(), f.x_adv.dtype());
      model_.machine().copy(own, f.x_adv);
      hooks.adversarial->insert_or_assign(f.image, own);
    };
    const auto fetch = [&](const std::vector<std::int32_t>& ids) {
      return images_.batch(model_.dtype(), ids).images;
    };
    const auto report = [&](const PerImage<Finding>& findings) {
      for (const auto& [image, f] : findings) finished(f);
      tell();
    };
    std::vector<std::int32_t> open = standing;
    for (Index batch = batch_; !open.empty();) {
      try {
        run(p, batch, {stage, open, {fetch, report, hooks.accept, hooks.on_look}});
        open.clear();
      } catch (const OutOfMemory& error) {
        batch = smaller_batch(model_.machine(), std::min(batch, static_cast<Index>(open.size())),
                              error);
        std::erase_if(open, [&](std::int32_t image) { return done.contains(image); });
      }
    }
    std::erase_if(standing, [&](std::int32_t image) { return broken.contains(image); });
    if (hooks.on_stage) hooks.on_stage(i, standing);
  }
  std::vector<Verdict> result;
  for (const std::int32_t image : order)
    result.push_back(
        verdicts.try_emplace(image, Verdict{.image = image, .robust = true}).first->second);
  return result;
}

}  // namespace robmask
