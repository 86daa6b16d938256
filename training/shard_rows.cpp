#include "training/shard_rows.h"

#include "engine/backend.h"

namespace robmask {

void Meeting::exchange(Index shards) const {
  std::vector<Parcel> out, in;
  for (int p = 0; p < processes.count(); ++p) {
    const Shards theirs = shards_of(shards, p, processes.count());
    if (p == processes.rank() || theirs.count() == 0) continue;
    out.push_back({p, table.images(own.first, own.count())});
    in.push_back({p, table.images(theirs.first, theirs.count())});
  }
  const auto rows = link.transfer(out, in, tag);
  processes.wait([&] { return rows->done(); }, [&] { return rows->missing(); });
}

Tensor ShardRows::all(const Tensor& own) {
  const Index shards = std::ssize(shares_);
  if (shard_ == meeting_.own.end - 1)  // its turn comes first
    meeting_.table = Tensor(own.machine(), own.shape().with_images(shards), own.dtype());
  const Tensor table = meeting_.table;
  own.machine().copy(table.images(shard_, 1), own);
  meeting_.turns.meet([&] { meeting_.exchange(shards); });
  meeting_.resume(shard_);
  return table;
}

}  // namespace robmask
