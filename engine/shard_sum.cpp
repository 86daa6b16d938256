#include "engine/shard_sum.h"

#include <algorithm>

#include "engine/backend.h"

namespace robmask {

namespace {

/// Parts begin, and slices end, at multiples of so many elements.
constexpr Index step_of_slices = 32;

Index whole_grains(Index count) {
  return (count + step_of_slices - 1) / step_of_slices * step_of_slices;
}

}  // namespace

Shards shards_of(Index shards, int process, int processes) {
  const auto first = [&](Index p) { return (p * shards + processes - 1) / processes; };
  return {first(process), first(process + 1)};
}

Shards images_of(Index images, Index shard, Index shards) {
  const auto first = [&](Index s) { return s * (images / shards) + std::min(s, images % shards); };
  return {first(shard), first(shard + 1)};
}

ShardSum::ShardSum(Backend& machine, DType dtype, const std::vector<Index>& sizes, Index shards,
                   Processes& processes, Link& link, int tag, Order order, Index bucket_bytes)
    : machine_(machine),
      dtype_(dtype),
      shards_(shards),
      processes_(processes),
      link_(link),
      tag_(tag),
      own_(shards_of(shards, processes.rank(), processes.count())),
      parts_(sizes.size()),
      bucket_of_(sizes.size()) {
  const Index least = bucket_bytes / static_cast<Index>(size_of(dtype));
  for (Index i = std::ssize(sizes) - 1; i >= 0; --i) {
    if (buckets_.empty() || buckets_.back().count >= least) buckets_.push_back({elements_, 0});
    Bucket& bucket = buckets_.back();
    bucket.parts.push_back(i);
    bucket_of_[i] = std::ssize(buckets_) - 1;
    parts_[i] = {elements_, elements_ + sizes[i]};
    bucket.count += whole_grains(sizes[i]);
    elements_ += whole_grains(sizes[i]);
  }
  if (buckets_.empty()) return;
  // For all leaves, or for one and the nodes right of it.
  std::size_t most = 1;
  for (Index s = own_.first; s < own_.end; ++s)
    most = std::max(most, order == Order::together
                              ? static_cast<std::size_t>(own_.count())
                              : 1 + nodes_within({s + 1, own_.end}, {0, shards}).size());
  for (std::size_t i = 0; i < most; ++i) {
    buffers_.emplace_back(machine, Shape{elements_, 1, 1, 1}, dtype);
    machine.fill(buffers_.back(), 0);  // what lies between the parts is added up with them
  }
}

/// A buffer for all elements; each iteration takes the same ones in the same order.
Tensor ShardSum::take() {
  const Tensor last = free_.back();
  free_.pop_back();
  return last;
}

Tensor ShardSum::elements(const Tensor& of, Index first, Index count) const {
  return of.images(first, count).reshaped({1, 1, 1, count});
}

Tensor ShardSum::part_of(const Tensor& values, Index number) const {
  return values.images(parts_[number].first, parts_[number].count());
}

Tensor ShardSum::part(Index shard, Index number) const {
  return part_of(leaves_.at(shard).node.values, number);
}

/// The largest nodes below `from` that lie within a range.
std::vector<Shards> ShardSum::nodes_within(const Shards& range, const Shards& from) const {
  if (range.count() == 0) return {};
  if (range.first <= from.first && from.end <= range.end) return {from};
  if (from.count() <= 1 || range.end <= from.first || from.end <= range.first) return {};
  std::vector<Shards> nodes = nodes_within(range, {from.first, middle(from)});
  std::ranges::copy(nodes_within(range, {middle(from), from.end}), std::back_inserter(nodes));
  return nodes;
}

std::vector<Shards> ShardSum::nodes_of(int process) const {
  return nodes_within(shards_of(shards_, process, processes_.count()), {0, shards_});
}

void ShardSum::begin(Index shard, double factor) {
  expect(own_.first <= shard && shard < own_.end, "shard {} of another process", shard);
  if (buckets_.empty()) return;
  if (shard == own_.end - 1) {
    free_ = buffers_;
    nodes_.clear();
  }
  Leaf leaf{{{shard, shard + 1}, take()}, {}, factor, {}, 0};
  for (const Bucket& b : buckets_) leaf.missing.push_back(std::ssize(b.parts));
  // The leaf becomes the left end of the largest node within the process's shards that it can be.
  const Shards whole = nodes_within({shard, own_.end}, {0, shards_}).front();
  for (Shards& node = leaf.node.of; node != whole; node.end = leaf.right.back().of.end) {
    leaf.right.push_back(nodes_.back());
    nodes_.pop_back();
  }
  nodes_.push_back(leaf.node);
  leaves_[shard] = std::move(leaf);
  if (shard == own_.first) {
    result_ = nodes_.back().values;
    begin_travel();
  }
}

void ShardSum::begin_travel() {
  for (Bucket& b : buckets_) b.stage = Stage::filling;
  travelling_ = 0;
  finishing_ = false;
}

void ShardSum::attend() {
  if (own_.count() > 0 || buckets_.empty()) return;
  result_ = buffers_.front();
  begin_travel();
  while (travelling_ < buckets_.size()) start_next();
}

/// leaf + (what is right of it) + …, as far as the process can go.
void ShardSum::add_right(const Leaf& leaf, const Bucket& bucket) {
  const Tensor sum = elements(leaf.node.values, bucket.first, bucket.count);
  if (leaf.factor != 1) machine_.scale({sum}, sum, leaf.factor);
  for (const Node& right : leaf.right)
    machine_.add(sum, sum, elements(right.values, bucket.first, bucket.count));
}

void ShardSum::complete(Index shard, Index number) {
  Leaf& leaf = leaves_.at(shard);
  --leaf.missing[bucket_of_[number]];
  while (leaf.added < buckets_.size() && leaf.missing[leaf.added] == 0) {
    add_right(leaf, buckets_[leaf.added++]);
    if (shard == own_.first) start_next();
  }
  if (leaf.added == buckets_.size())
    for (const Node& right : std::exchange(leaf.right, {})) free_.push_back(right.values);
  poll();
}

bool ShardSum::arrived(Bucket& bucket) {
  if (!bucket.transfer->done()) return false;
  bucket.transfer.reset();
  if (!finishing_) early_ += bucket.bytes;
  return true;
}

/// The next bucket begins to travel. Where transfers happen in order, this is the order, on all
/// processes: the slices of a bucket, then the sums of the one before it, whose slices had the time
/// between to come.
void ShardSum::start_next() {
  send_slices(buckets_[travelling_++]);
  if (travelling_ == 1) return;
  if (Bucket& before = buckets_[travelling_ - 2]; before.stage == Stage::slices && arrived(before))
    send_sums(before);
}

/// The elements of a bucket that a process adds up for all.
Tensor ShardSum::slice(const Tensor& of, const Bucket& bucket, int owner) const {
  const Index grains = bucket.count / step_of_slices;
  const Shards mine = shards_of(grains, owner, processes_.count());
  if (mine.count() == 0) return {};
  return elements(of, bucket.first + mine.first * step_of_slices, mine.count() * step_of_slices);
}

void ShardSum::start(Bucket& bucket, const std::vector<Parcel>& out,
                     const std::vector<Parcel>& in) {
  bucket.bytes = 0;
  for (const Parcel& p : out) bucket.bytes += p.tensor.shape().count() * size_of(dtype_);
  sent_ += bucket.bytes;
  const Index number = &bucket - buckets_.data();
  bucket.transfer =
      link_.transfer(out, in, tag_ + 2 * static_cast<int>(number) + (bucket.stage == Stage::sums));
}

/// The other processes, the next one first: nobody is everybody's first.
std::vector<int> ShardSum::others() const {
  std::vector<int> ranks;
  for (int i = 1; i < processes_.count(); ++i)
    ranks.push_back((processes_.rank() + i) % processes_.count());
  return ranks;
}

/// To each owner its slice of every node of this process.
void ShardSum::send_slices(Bucket& bucket) {
  if (processes_.count() == 1) {
    bucket.stage = Stage::done;
    return;
  }
  const std::vector<Node> own = own_.count() > 0 ? nodes_ : std::vector<Node>();
  std::vector<Parcel> out, in;
  bucket.nodes.clear();
  const int rank = processes_.rank();
  for (const Node& node : own) bucket.nodes.push_back({node.of, slice(node.values, bucket, rank)});
  for (const int p : others()) {
    for (auto node = own.rbegin(); node != own.rend(); ++node)
      if (const Tensor part = slice(node->values, bucket, p)) out.push_back({p, part});
    const Tensor mine = slice(result_, bucket, rank);
    for (const Shards& node : nodes_of(p)) {
      if (!mine) continue;
      const Tensor place(machine_, mine.shape(), dtype_);
      in.push_back({p, place});
      bucket.nodes.push_back({node, place});
    }
  }
  bucket.stage = Stage::slices;
  start(bucket, out, in);
}

Tensor ShardSum::add_up(const Shards& node, const std::vector<Node>& known) const {
  const auto at = std::ranges::find(known, node, &Node::of);
  if (at != known.end()) return at->values;
  const Tensor left = add_up({node.first, middle(node)}, known),
               right = add_up({middle(node), node.end}, known);
  machine_.add(left, left, right);
  return left;
}

/// Adds up this process's slice and sends the sum to all.
void ShardSum::send_sums(Bucket& bucket) {
  const int rank = processes_.rank();
  const Tensor mine = slice(result_, bucket, rank);
  if (mine) {
    const Tensor sum = add_up({0, shards_}, bucket.nodes);
    if (sum.bytes() != mine.bytes()) machine_.copy(mine, sum);
  }
  bucket.nodes.clear();
  std::vector<Parcel> out, in;
  for (const int p : others()) {
    if (mine) out.push_back({p, mine});
    if (const Tensor theirs = slice(result_, bucket, p)) in.push_back({p, theirs});
  }
  bucket.stage = Stage::sums;
  start(bucket, out, in);
}

/// As far as messages have come; true once the sum is there.
bool ShardSum::advance(Bucket& bucket) {
  if (bucket.stage == Stage::slices && arrived(bucket)) send_sums(bucket);
  if (bucket.stage == Stage::sums && arrived(bucket)) bucket.stage = Stage::done;
  return bucket.stage == Stage::done;
}

void ShardSum::poll() {
  if (link_.in_order()) return;  // nobody has to look, and who does waits
  for (std::size_t i = 0; i < travelling_; ++i) advance(buckets_[i]);
}

void ShardSum::finish() {
  expect(travelling_ == buckets_.size(), "parts of a shard were never completed");
  finishing_ = true;
  processes_.wait(
      [this] {
        return std::ranges::count_if(buckets_, [this](Bucket& b) { return advance(b); }) ==
               std::ssize(buckets_);
      },
      [this] {
        std::vector<int> missing;
        for (const Bucket& b : buckets_)
          if (b.transfer) std::ranges::copy(b.transfer->missing(), std::back_inserter(missing));
        return missing;
      });
}

}  // namespace robmask
