#pragma once
// Sums over the shards of a batch, with the same bits for any number of processes (docs/shards.md):
// they are always added along one tree over the shards,
//
//   Σ [a, b) = Σ [a, m) + Σ [m, b),   m = ⌈(a + b) / 2⌉
//
// A process adds up what lies within its own shards; then every process becomes the owner of a slice
// of the numbers, gets from all others what they have of it, adds that up along the rest of the tree,
// and sends the slice of the sum to all. Of n bytes each process sends and receives 2·(P−1)/P·n, the
// least that is possible, if its shards are a node of the tree.

#include <map>
#include <vector>

#include "engine/link.h"

namespace robmask {

/// Shards [first, end): a node of the tree, or what a process works on.
struct Shards {
  Index first = 0, end = 0;

  Index count() const { return end - first; }
  bool operator==(const Shards&) const = default;
};

/// Those of process r of P: from ⌈r·S/P⌉ to ⌈(r+1)·S/P⌉. Process 0 has the first one; some have none
/// if there are too few.
Shards shards_of(Index shards, int process, int processes);
/// How many of n images belong to a shard: the first ones have one more where S does not divide n.
Shards images_of(Index images, Index shard, Index shards);

/// How the shards of a process are worked on: one after the other, or taking turns.
enum class Order { apart, together };

/// Bytes of a bucket at least: fewer would travel at the price of a message, and many more could only
/// begin to travel late.
constexpr Index usual_bucket = Index{4} << 20;

class ShardSum {
 public:
  /// Of parts with so many elements each. They are sent in buckets, the last parts first: that is
  /// the order in which a backward pass completes gradients.
  ShardSum(Backend& machine, DType dtype, const std::vector<Index>& sizes, Index shards,
           Processes& processes, Link& link, int tag, Order order = Order::apart,
           Index bucket = usual_bucket);

  /// The shards of this process. They begin, and complete each part, from the last to the first.
  const Shards& own() const { return own_; }
  /// A shard begins: its parts will be added with this factor. All begin ahead of the first part, or
  /// each once the one before is complete, as the order says.
  void begin(Index shard, double factor);
  /// Where a shard writes a part: {n,1,1,1}.
  Tensor part(Index shard, Index number) const;
  /// It has done so. Buckets of the first shard then travel, while it goes on.
  void complete(Index shard, Index number);
  /// In place of all that, on a process without shards: it adds up and sends with the others.
  void attend();
  /// Moves on what travels.
  void poll();
  /// Waits for the sum.
  void finish();
  /// A part of it.
  Tensor sum(Index number) const { return part_of(result_, number); }

  /// Bytes sent so far; and those of them that had arrived before finish() was called.
  std::size_t sent() const { return sent_; }
  std::size_t sent_early() const { return early_; }

 private:
  /// Numbers of a node: of all elements, or of a slice of them.
  struct Node {
    Shards of;
    Tensor values;
  };
  /// What a shard writes, and the nodes right of it that are added to it.
  struct Leaf {
    Node node;
    std::vector<Node> right;
    double factor = 1;
    std::vector<Index> missing;  // parts of each bucket
    std::size_t added = 0;       // buckets that were
  };
  enum class Stage { filling, slices, sums, done };
  struct Bucket {
    Index first, count;             // elements
    std::vector<Index> parts = {};  // in it
    Stage stage = Stage::filling;
    std::unique_ptr<Transfer> transfer = {};
    std::size_t bytes = 0;         // that this stage sends
    std::vector<Node> nodes = {};  // of the slice that is this process's, from all
  };

  Tensor take();
  static Index middle(const Shards& node) { return (node.first + node.end + 1) / 2; }
  std::vector<Shards> nodes_within(const Shards& range, const Shards& from) const;
  std::vector<Shards> nodes_of(int process) const;
  Tensor elements(const Tensor& of, Index first, Index count) const;
  Tensor slice(const Tensor& of, const Bucket& bucket, int owner) const;
  void add_right(const Leaf& leaf, const Bucket& bucket);
  Tensor part_of(const Tensor& values, Index number) const;
  std::vector<int> others() const;
  void begin_travel();
  bool arrived(Bucket& bucket);
  void start_next();
  void send_slices(Bucket& bucket);
  void send_sums(Bucket& bucket);
  void start(Bucket& bucket, const std::vector<Parcel>& out, const std::vector<Parcel>& in);
  Tensor add_up(const Shards& node, const std::vector<Node>& known) const;
  bool advance(Bucket& bucket);

  Backend& machine_;
  DType dtype_;
  Index shards_;
  Processes& processes_;
  Link& link_;
  int tag_;
  Shards own_;
  std::vector<Shards> parts_;     // as elements [first, end)
  std::vector<Index> bucket_of_;  // each part
  std::vector<Bucket> buckets_;
  Index elements_ = 0;

  std::vector<Tensor> buffers_;  // of all elements
  std::vector<Tensor> free_;     // of them
  std::map<Index, Leaf> leaves_;
  std::vector<Node> nodes_;     // of what has begun, the leftmost last
  std::size_t travelling_ = 0;  // buckets that do, or have arrived
  Tensor result_;
  bool finishing_ = false;
  std::size_t sent_ = 0, early_ = 0;
};

}  // namespace robmask
