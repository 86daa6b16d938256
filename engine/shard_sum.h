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

class ShardSum {
 public:
  /// Of parts with so many elements each. They are sent in buckets, the last parts first: that is
  /// the order in which a backward pass completes gradients.
  ShardSum(Backend& machine, DType dtype, const std::vector<Index>& sizes, Index shards,
           Processes& processes, Link& link, int tag);

  /// The shards of this process, which it works on from the last to the first.
  const Shards& own() const { return own_; }
  /// The next shard begins: where it writes its parts, and with which factor they will be added.
  void begin(Index shard, double factor);
  /// {n,1,1,1}; of the sum once finish() has returned.
  Tensor part(Index number) const;
  /// The shard has written a part. Buckets of a process's last shard then travel, while it goes on.
  void complete(Index number);
  /// Of a process without shards, in the place of that: it takes its part in adding up.
  void complete_nothing();
  /// Waits for the sum.
  void finish();

  /// Bytes sent so far; and those of them that had arrived before finish() was called.
  std::size_t sent() const { return sent_; }
  std::size_t sent_early() const { return early_; }

 private:
  /// Numbers of a node: of all elements, or of a slice of them.
  struct Node {
    Shards of;
    Tensor values;
  };
  enum class Stage { filling, slices, sums, done };
  struct Bucket {
    Index first, count;             // elements
    std::vector<Index> parts = {};  // in it
    Index missing = 0;              // of them
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
  void add_own(const Bucket& bucket);
  void send_slices(Bucket& bucket);
  void send_sums(Bucket& bucket);
  void start(Bucket& bucket, const std::vector<Parcel>& out, const std::vector<Parcel>& in);
  Tensor add_up(const Shards& node, const std::vector<Node>& known) const;
  bool arrived(Bucket& bucket);
  void start_next();
  bool advance(Bucket& bucket);
  void poll();

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
  Node leaf_;                    // what the shard writes
  double factor_ = 1;
  std::vector<Node> merged_;   // with the leaf, from left to right
  std::vector<Node> waiting_;  // complete nodes, the leftmost last
  std::size_t started_ = 0;    // buckets that travel or have arrived
  Tensor result_;
  bool finishing_ = false;
  std::size_t sent_ = 0, early_ = 0;
};

}  // namespace robmask
