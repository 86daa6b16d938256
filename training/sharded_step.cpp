#include "training/sharded_step.h"

#include "engine/backend.h"

namespace robmask {

namespace {

// Of messages: gradients take one for each stage of a bucket.
enum Tag { of_statistics, of_totals, of_gradients = 8 };

std::vector<Index> sizes_of(const std::vector<Variable>& parameters) {
  std::vector<Index> sizes;
  for (const Variable& p : parameters) sizes.push_back(p.shape().count());
  return sizes;
}

}  // namespace

ShardedStep::ShardedStep(const TrainedModel& trained, Index shards, Processes& processes)
    : trained_(trained),
      processes_(processes),
      link_(trained.model.machine().make_link(processes)),
      parameters_(trained.sgd.parameters()),
      gradients_(trained.model.machine(), trained.model.dtype(), sizes_of(parameters_), shards,
                 processes, *link_, of_gradients),
      totals_(trained.model.machine(), DType::f64, {Totals::count}, shards, processes, *link_,
              of_totals) {
  for (const Variable& p : parameters_)
    numbers_.emplace(p.slot().get(), static_cast<Index>(numbers_.size()));
  Index numbers = 0;
  for (const Entry& e : trained.model.entries()) {
    if (!is_statistic(e.role)) continue;
    statistics_.push_back(e.variable.value());
    numbers += e.shape.count();
  }
  if (processes.count() > 1 && numbers > 0)
    packed_ = Tensor(trained.model.machine(), {numbers, 1, 1, 1}, trained.model.dtype());
}

void ShardedStep::take_gradients_from(const ShardSum& sum) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    parameters_[i].slot()->gradient =
        sum.part(static_cast<Index>(i)).reshaped(parameters_[i].shape());
}

void ShardedStep::run(Index shard, double share, Batch batch) {
  gradients_.begin(shard, share);
  take_gradients_from(gradients_);
  totals_.begin(shard, 1);
  const Totals own(totals_.part(0));
  own.reset();
  if (!batch.images) {  // the last batch of an epoch may have fewer images than shards
    for (Index i = 0; i < std::ssize(parameters_); ++i) {
      parameters_[i].machine().fill(parameters_[i].gradient(), 0);
      gradients_.complete(i);
    }
    return totals_.complete(0);
  }
  batch.updates_statistics = shard == 0;
  batch.on_gradient = [this](const GradientSlot& target) {
    gradients_.complete(numbers_.at(&target));
  };
  trained_.recipe.step(batch, own);
  totals_.complete(0);
}

/// From process 0, which has the shard that they follow, to all.
std::unique_ptr<Transfer> ShardedStep::send_statistics() {
  std::vector<Parcel> out, in;
  if (!processes_.first()) in.push_back({0, packed_});
  if (processes_.first()) {
    Index at = 0;
    for (const Tensor& t : statistics_) {
      const Index count = t.shape().count();
      packed_.machine().copy(packed_.images(at, count).reshaped(t.shape()), t);
      at += count;
    }
    for (int p = 1; p < processes_.count(); ++p) out.push_back({p, packed_});
  }
  return link_->transfer(out, in, of_statistics);
}

void ShardedStep::take_statistics() const {
  Index at = 0;
  for (const Tensor& t : statistics_) {
    const Index count = t.shape().count();
    packed_.machine().copy(t, packed_.images(at, count).reshaped(t.shape()));
    at += count;
  }
}

void ShardedStep::finish(const Totals& totals) {
  gradients_.complete_nothing();
  totals_.complete_nothing();
  const std::unique_ptr<Transfer> statistics = packed_ ? send_statistics() : nullptr;
  gradients_.finish();
  totals_.finish();
  if (statistics) {
    processes_.wait([&] { return statistics->done(); }, [&] { return statistics->missing(); });
    if (!processes_.first()) take_statistics();
  }
  take_gradients_from(gradients_);
  trained_.sgd.step();
  trained_.model.machine().add(totals.sums, totals.sums, totals_.part(0));
}

bool ShardedStep::all_say(bool yes) {
  link_->settle();  // nobody waits here for one who waits there
  return processes_.largest(yes ? 0 : 1) == 0;
}

}  // namespace robmask
