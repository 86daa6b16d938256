#pragma once
// Memory that is taken and given back by size class.

#include <cstddef>
#include <map>
#include <set>

namespace robmask {

class Backend;

/// Keeps blocks that were given back and hands them out again, the lowest address of a class first.
/// An iteration that gives back all it took therefore finds the pool as it was, and gets the same
/// addresses in every round.
class Pool {
 public:
  explicit Pool(Backend& machine) : machine_(machine) {}
  ~Pool() { trim(); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// At least `bytes` bytes, aligned to 64.
  std::byte* take(std::size_t bytes);
  void give(std::byte* block, std::size_t bytes);
  /// Gives to the machine what is not in use.
  void trim();

  /// Bytes in use now, the most ever in use, and held in all.
  std::size_t used() const { return used_; }
  std::size_t peak() const { return peak_; }
  std::size_t held() const { return held_; }

 private:
  static std::size_t size_class(std::size_t bytes);
  /// From the machine. Where it has no more, what its own pool keeps for later is given back first;
  /// the pools of replays keep theirs, for their recordings write to it.
  std::byte* allocate(std::size_t bytes);

  Backend& machine_;
  std::map<std::size_t, std::set<std::byte*>> free_;
  std::size_t used_ = 0, peak_ = 0, held_ = 0;
};

}  // namespace robmask
