// Sums over shards: the tree, who owns what, and the same bits for any number of processes.

#include "engine/shard_sum.h"

#include <gtest/gtest.h>

#include <deque>
#include <numeric>

#include "engine/backend.h"
#include "engine/random.h"

namespace robmask {
namespace {

/// Several processes in one, each with its letters: what one sends is there when another looks.
class Bench {
 public:
  explicit Bench(int count) {
    for (int rank = 0; rank < count; ++rank)
      members_.push_back(std::make_unique<Member>(*this, rank, count));
  }

  struct Member final : Processes, Link {
    Member(Bench& all, int rank, int count) : bench(all) {
      rank_ = rank;
      count_ = count;
    }
    std::vector<std::string> gather(const std::string&) override { return {}; }
    std::string broadcast(const std::string& text) override { return text; }
    int largest(int mine) override { return mine; }
    void send(int, const std::string&) override {}
    std::optional<Letter> receive() override { return {}; }
    std::unique_ptr<Transfer> transfer(const std::vector<Message>&, const std::vector<Message>&,
                                       int) override {
      return {};
    }
    std::string name() const override { return "a bench"; }
    void leave() override {}
    LastWords last_words(const std::string& line) override { return {line}; }
    void abort(int) override {}

    std::unique_ptr<Transfer> transfer(const std::vector<Parcel>& out,
                                       const std::vector<Parcel>& in, int tag) override {
      for (const Parcel& p : out)
        bench.post_[{rank_, p.process, tag}].push_back(p.tensor.to_host<float>());
      return std::make_unique<Arrival>(bench, rank_, in, tag);
    }

    Bench& bench;
  };

  Member& operator[](int rank) { return *members_[rank]; }

 private:
  using Address = std::tuple<int, int, int>;  // from, to, tag

  struct Arrival final : Transfer {
    Arrival(Bench& all, int to, const std::vector<Parcel>& parcels, int tag)
        : bench(all), rank(to), in(parcels.begin(), parcels.end()), tag(tag) {}
    bool done() override {
      while (!in.empty()) {
        auto& waiting = bench.post_[{in.front().process, rank, tag}];
        if (waiting.empty()) return false;
        in.front().tensor.from_host(waiting.front());
        waiting.pop_front();
        in.pop_front();
      }
      return true;
    }
    std::vector<int> missing() override { return {in.front().process}; }

    Bench& bench;
    int rank;
    std::deque<Parcel> in;
    int tag;
  };

  std::map<Address, std::deque<std::vector<float>>> post_;
  std::vector<std::unique_ptr<Member>> members_;
};

constexpr Index bucket = 4096, large = 1500;  // bytes; elements that fill it
const std::vector<Index> sizes{7, large, 40, 1, large / 2};

/// What a shard writes into a part.
std::vector<float> numbers(Index shard, Index part) {
  std::vector<float> values(sizes[part]);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = random_uniform<float>({.seed = 1,
                                       .step = static_cast<std::uint64_t>(part),
                                       .image = static_cast<std::uint32_t>(shard)},
                                      i) -
                0.5F;
  return values;
}

/// Σ [first, end) by its definition.
std::vector<float> tree(Index first, Index end, Index part, double factor) {
  std::vector<float> sum;
  if (end - first == 1) {
    sum = numbers(first, part);
    for (float& v : sum) v *= static_cast<float>(factor);
    return sum;
  }
  const Index middle = (first + end + 1) / 2;
  sum = tree(first, middle, part, factor);
  const std::vector<float> right = tree(middle, end, part, factor);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += right[i];
  return sum;
}

void write(ShardSum& sum, Index shard, Index part) {
  sum.part(shard, part).from_host(numbers(shard, part));
  sum.complete(shard, part);
}

/// Each process's sum of so many shards.
std::vector<std::unique_ptr<ShardSum>> summed(Bench& bench, int processes, Index shards,
                                              Order order = Order::apart) {
  std::vector<std::unique_ptr<ShardSum>> sums;
  for (int p = 0; p < processes; ++p) {
    ShardSum& sum = *sums.emplace_back(std::make_unique<ShardSum>(
        backend("cpu"), DType::f32, sizes, shards, bench[p], bench[p], 5, order, bucket));
    const Index first = sum.own().first, last = sum.own().end - 1, parts = std::ssize(sizes);
    if (order == Order::together)
      for (Index s = last; s >= first; --s) sum.begin(s, 0.25);
    for (Index i = 0; i < parts * sum.own().count(); ++i) {
      const bool apart = order == Order::apart;
      const Index s = last - (apart ? i / parts : i % sum.own().count());
      const Index part = parts - 1 - (apart ? i % parts : i / sum.own().count());
      if (apart && part == parts - 1) sum.begin(s, 0.25);
      write(sum, s, part);
    }
    sum.attend();
  }
  for (int round = 0; round < 4; ++round)  // slices and sums of every process
    for (const auto& sum : sums) sum->poll();
  for (const auto& sum : sums) sum->finish();
  return sums;
}

TEST(ShardSum, HasTheBitsOfItsTreeForAnyNumberOfProcesses) {
  for (const Index shards : {1, 2, 3, 5, 8}) {
    std::vector<std::vector<float>> expected;
    for (Index part = 0; part < std::ssize(sizes); ++part)
      expected.push_back(tree(0, shards, part, 0.25));
    for (const int processes : {1, 2, 3, 4, 8}) {
      Bench bench(processes);
      for (const auto& sum : summed(bench, processes, shards))
        for (Index part = 0; part < std::ssize(sizes); ++part)
          EXPECT_EQ(sum->sum(part).to_host<float>(), expected[part])
              << shards << " shards, " << processes << " processes, part " << part;
    }
  }
}

TEST(ShardSum, HasThemWhereShardsTakeTurns) {
  for (const int processes : {1, 2, 3}) {
    Bench bench(processes);
    for (const auto& sum : summed(bench, processes, 6, Order::together))
      for (Index part = 0; part < std::ssize(sizes); ++part)
        EXPECT_EQ(sum->sum(part).to_host<float>(), tree(0, 6, part, 0.25));
  }
}

TEST(ShardSum, SendsNoByteMoreThanItMust) {
  // Parts begin at multiples of 32 elements, and so are slices.
  const Index elements = 32 + 1504 + 64 + 32 + 768;
  for (const int processes : {2, 4, 8}) {
    Bench bench(processes);
    std::size_t sent = 0;
    for (const auto& sum : summed(bench, processes, 8)) sent += sum->sent();
    EXPECT_EQ(sent, 2 * (processes - 1) * elements * sizeof(float)) << processes;
  }
}

TEST(ShardSum, LetsABucketTravelWhileTheShardGoesOn) {
  Bench bench(2);
  ShardSum first(backend("cpu"), DType::f32, sizes, 2, bench[0], bench[0], 5, Order::apart, bucket),
      second(backend("cpu"), DType::f32, sizes, 2, bench[1], bench[1], 5, Order::apart, bucket);
  first.begin(0, 1);
  second.begin(1, 1);
  for (ShardSum* sum : {&first, &second}) write(*sum, sum == &second, 4);  // not a bucket yet
  EXPECT_EQ(first.sent(), 0U);
  for (Index part : {3, 2, 1}) {
    write(first, 0, part);
    write(second, 1, part);
  }
  for (int round = 0; round < 2; ++round) {
    first.poll();
    second.poll();
  }
  EXPECT_EQ(first.sent_early(), first.sent());
  EXPECT_GT(first.sent_early(), 0U);
}

TEST(ShardSum, OfNoPartsIsNothing) {
  Bench bench(2);
  ShardSum sum(backend("cpu"), DType::f32, {}, 2, bench[0], bench[0], 5);
  sum.begin(0, 1);
  sum.finish();
  EXPECT_EQ(sum.sent(), 0U);
}

TEST(Shards, AreDealtOutWholeAndInOrderTheFirstOneToTheFirstProcess) {
  for (const Index shards : {1, 3, 8})
    for (const int processes : {1, 2, 5, 8}) {
      Index next = 0;
      for (int p = 0; p < processes; ++p) {
        const Shards own = shards_of(shards, p, processes);
        EXPECT_EQ(own.first, next);
        next = own.end;
      }
      EXPECT_EQ(next, shards);
      EXPECT_GT(shards_of(shards, 0, processes).count(), 0);
    }
}

TEST(Shards, OfAnUnevenBatchDifferByOneImageTheFirstOnesHaveMore) {
  std::vector<Index> counts;
  for (Index s = 0; s < 4; ++s) counts.push_back(images_of(10, s, 4).count());
  EXPECT_EQ(counts, (std::vector<Index>{3, 3, 2, 2}));
  EXPECT_EQ(images_of(10, 3, 4).end, 10);
  EXPECT_EQ(images_of(2, 2, 4).count(), 0);
}

}  // namespace
}  // namespace robmask
