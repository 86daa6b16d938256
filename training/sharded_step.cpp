#include "training/sharded_step.h"

#include <algorithm>

#include "engine/backend.h"

namespace robmask {

namespace {

// Of messages: gradients take one for each stage of a bucket.
enum Tag { of_statistics, of_rows, of_totals, of_gradients = 8 };

std::vector<Index> sizes_of(const std::vector<Variable>& parameters) {
  std::vector<Index> sizes;
  sizes.reserve(parameters.size());
  for (const Variable& p : parameters) sizes.push_back(p.shape().count());
  return sizes;
}

Order order_of(const TrainSettings& s) { return s.sync_bn ? Order::together : Order::apart; }

}  // namespace

ShardedStep::ShardedStep(const TrainedModel& trained, const TrainSettings& settings,
                         Processes& processes)
    : settings_(settings),
      machine_(trained.model.machine()),
      sgd_(trained.sgd),
      processes_(processes),
      link_(machine_.make_link(processes)),
      gradients_(machine_, trained.model.dtype(), sizes_of(sgd_.parameters()), settings.shards,
                 processes, *link_, of_gradients, order_of(settings)),
      totals_(machine_, DType::f64, {Totals::count}, settings.shards, processes, *link_, of_totals,
              order_of(settings)),
      turns_(static_cast<int>(std::max<Index>(1, totals_.own().count()))),
      meeting_{processes,     *link_, of_rows,
               totals_.own(), turns_, [this](Index shard) { write_gradients_of(shard); }} {
  for (Index s = totals_.own().first; s < totals_.own().end; ++s)
    recipes_.emplace(s, trained.make_recipe());
  for (const Variable& p : sgd_.parameters())
    numbers_.emplace(p.slot().get(), static_cast<Index>(numbers_.size()));
  if (processes.count() == 1) return;
  Index numbers = 0;
  for (const Entry& e : trained.model.entries()) {
    if (!is_statistic(e.role)) continue;
    statistics_.push_back(e.variable.value());
    numbers += e.shape.count();
  }
  packed_ = Tensor(machine_, {numbers, 1, 1, 1}, trained.model.dtype());
}

std::vector<Shard> ShardedStep::shards_of(Index images) {
  const auto part = [&](Index s) { return images_of(images, s, settings_.shards); };
  std::vector<double> shares;
  for (Index s = 0; s < settings_.shards; ++s)
    shares.push_back(static_cast<double>(part(s).count()) / static_cast<double>(images));
  std::vector<Shard> shards;
  for (Index s = totals_.own().end - 1; s >= totals_.own().first; --s) {
    Shard& shard = shards.emplace_back(Shard{s, part(s), shares[s]});
    shard.batch.updates_statistics = s == 0;
    if (settings_.sync_bn) shard.batch.shared = std::make_shared<ShardRows>(meeting_, s, shares);
    shard.batch.on_gradient = [this, s](const GradientSlot& target) {
      if (s == totals_.own().first) share_statistics();  // which no forward pass is to change
      gradients_.complete(s, numbers_.at(&target));
    };
  }
  return shards;
}

void ShardedStep::prepare(Index step, const Shard& shard, const std::vector<std::int32_t>& ids) {
  recipes_.at(shard.number)->prepare(step, ids);
}

void ShardedStep::begin(const Shard& shard) {
  gradients_.begin(shard.number, shard.share);
  totals_.begin(shard.number, 1);
}

/// Backward passes write the gradients where they are added up.
void ShardedStep::write_gradients_of(Index shard) {
  const std::vector<Variable>& parameters = sgd_.parameters();
  for (Index i = 0; i < std::ssize(parameters); ++i)
    parameters[i].slot()->gradient = gradients_.part(shard, i).reshaped(parameters[i].shape());
}

void ShardedStep::pass(const Shard& shard) {
  const Totals own(totals_.part(shard.number, 0));
  own.reset();
  write_gradients_of(shard.number);
  if (shard.images.count() > 0) {
    recipes_.at(shard.number)->step(shard.batch, own);
  } else {
    for (const Variable& p : sgd_.parameters()) {
      machine_.fill(p.gradient(), 0);
      shard.batch.on_gradient(*p.slot());
    }
  }
  totals_.complete(shard.number, 0);
}

/// Once a step: begins to send them from process 0, which has the shard that they follow, to all.
void ShardedStep::share_statistics() {
  if (!packed_ || statistics_under_way_) return;
  std::vector<Parcel> out, in;
  if (!processes_.first()) in.push_back({0, packed_});
  if (processes_.first()) pack_statistics();
  for (int p = 1; p < processes_.count() && processes_.first(); ++p) out.push_back({p, packed_});
  statistics_under_way_ = link_->transfer(out, in, of_statistics);
}

void ShardedStep::pack_statistics() const {
  Index at = 0;
  for (const Tensor& t : statistics_) {
    const Index count = t.shape().count();
    machine_.copy(packed_.images(at, count).reshaped(t.shape()), t);
    at += count;
  }
}

void ShardedStep::take_statistics() const {
  Index at = 0;
  for (const Tensor& t : statistics_) {
    const Index count = t.shape().count();
    machine_.copy(t, packed_.images(at, count).reshaped(t.shape()));
    at += count;
  }
}

void ShardedStep::operator()(const std::vector<Shard>& shards, const Totals& totals) {
  if (settings_.sync_bn && !shards.empty()) {
    for (const Shard& shard : shards) begin(shard);
    turns_.run([&](int turn) { pass(shards[turn]); });
  } else {
    for (const Shard& shard : shards) {
      begin(shard);
      pass(shard);
    }
  }
  share_statistics();
  gradients_.attend();
  totals_.attend();
  gradients_.finish();
  totals_.finish();
  if (const auto statistics = std::exchange(statistics_under_way_, nullptr)) {
    processes_.wait([&] { return statistics->done(); }, [&] { return statistics->missing(); });
    if (!processes_.first()) take_statistics();
  }
  const std::vector<Variable>& parameters = sgd_.parameters();
  for (Index i = 0; i < std::ssize(parameters); ++i)
    parameters[i].slot()->gradient = gradients_.sum(i).reshaped(parameters[i].shape());
  sgd_.step();
  machine_.add(totals.sums, totals.sums, totals_.sum(0));
}

bool ShardedStep::all_say(bool yes) {
  link_->settle();  // nobody waits here for one who waits there
  return processes_.largest(yes ? 0 : 1) == 0;
}

}  // namespace robmask
