#pragma once
// Memory that ends where the pages do.

#include <cstddef>

namespace robmask::gpu::emulated {

/// `bytes` bytes, filled with 0xFF (as floats: NaN), that end at a page nobody may touch. A page
/// before them is as forbidden; what lies between it and the first byte is filled with 0xFF too.
class GuardedMemory {
 public:
  static constexpr std::size_t alignment = 64;

  explicit GuardedMemory(std::size_t bytes);
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;
  ~GuardedMemory();

  std::byte* begin() const { return begin_; }
  std::size_t bytes() const { return bytes_; }
  /// Room for `count` bytes at the very end, aligned to 16.
  std::byte* last(std::size_t count) const;
  /// Makes all of it accessible, as it is at first, or nothing.
  void open(bool yes) const;
  bool is_open() const { return open_; }
  /// No byte between the first guard and begin() was written to.
  bool untouched_before() const;
  /// The address lies between the guards; and there or in one of them.
  bool contains(const void* address) const;
  bool covers(const void* address) const;

 private:
  std::size_t bytes_, mapped_;  // without and with the guards
  std::byte *mapping_, *begin_;
  mutable bool open_ = false;
};

}  // namespace robmask::gpu::emulated
