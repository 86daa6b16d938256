#pragma once
// Memory that is taken and given back by size class.

#include <cstddef>
#include <map>
#include <vector>

namespace robmask {

class Backend;

/// Keeps blocks that were given back and hands them out again, last in, first out. The same sequence
/// of takes and gives therefore yields the same addresses, which a replayed graph relies on.
class Pool {
 public:
  explicit Pool(Backend& machine) : machine_(machine) {}
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// At least `bytes` bytes, aligned to 64.
  std::byte* take(std::size_t bytes);
  void give(std::byte* block, std::size_t bytes);

  /// Bytes in use now, the most ever in use, and held in all.
  std::size_t used() const { return used_; }
  std::size_t peak() const { return peak_; }
  std::size_t held() const { return held_; }

 private:
  static std::size_t size_class(std::size_t bytes);

  Backend& machine_;
  std::map<std::size_t, std::vector<std::byte*>> free_;
  std::size_t used_ = 0, peak_ = 0, held_ = 0;
};

}  // namespace robmask
