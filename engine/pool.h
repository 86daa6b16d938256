#pragma once
// Memory that is cut from large segments, given back and put together again.

#include <cstddef>
#include <map>
#include <set>
#include <utility>

namespace robmask {

class Backend;

/// Cuts blocks from segments that it gets from the machine. A request takes the smallest free block
/// that is large enough, the lowest address of several, and leaves the rest of it free; a block that
/// comes back is joined with free neighbours. An iteration that gives back all it took therefore
/// finds the pool as it was, and gets the same addresses as the iteration before, unless that one
/// made the pool grow. On a machine that guards its memory each block is a segment of its own, so
/// that its end is guarded.
class Pool {
 public:
  explicit Pool(Backend& machine) : machine_(machine) {}
  ~Pool() { trim(); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// At least `bytes` bytes, aligned to 64.
  std::byte* take(std::size_t bytes);
  void give(std::byte* block);
  /// Gives the segments of which nothing is in use to the machine.
  void trim();

  /// Bytes in use, and held in all.
  std::size_t used() const { return used_; }
  std::size_t held() const { return held_; }

 private:
  struct Block {
    std::size_t size;
    bool free, first;  // of its segment
  };
  using Blocks = std::map<std::byte*, Block>;
  using Free = std::set<std::pair<std::size_t, std::byte*>>;

  /// A new segment, all of it free, of at least that size.
  Free::iterator grow(std::size_t size);
  /// From the machine. Where it has no more, what its own pool does not use is given back first; the
  /// pools of replays keep theirs, for their recordings write to it.
  std::byte* allocate(std::size_t bytes);
  /// Joins a free block with the one behind it, if that is free and of the same segment.
  void join(Blocks::iterator block);

  Backend& machine_;
  Blocks blocks_;
  Free free_;  // those of them by size
  std::size_t used_ = 0, held_ = 0;
};

}  // namespace robmask
