#include "tests/gpu_emulator/guarded.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace robmask::gpu::emulated {

namespace {

constexpr std::size_t page = 4096;

std::size_t round_up(std::size_t bytes, std::size_t step) {
  return (bytes + step - 1) / step * step;
}

}  // namespace

GuardedMemory::GuardedMemory(std::size_t bytes)
    : bytes_(bytes), mapped_(round_up(std::max<std::size_t>(bytes, 1), page) + 2 * page) {
  void* memory = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  mapping_ = static_cast<std::byte*>(memory);
  begin_ = mapping_ + mapped_ - page - round_up(bytes, alignment);
  open(true);
  std::memset(mapping_ + page, 0xFF, mapped_ - 2 * page);
}

GuardedMemory::~GuardedMemory() { munmap(mapping_, mapped_); }

std::byte* GuardedMemory::last(std::size_t count) const {
  return mapping_ + mapped_ - page - round_up(count, 16);
}

void GuardedMemory::open(bool yes) const {
  mprotect(mapping_ + page, mapped_ - 2 * page, yes ? PROT_READ | PROT_WRITE : PROT_NONE);
  open_ = yes;
}

bool GuardedMemory::untouched_before() const {
  return std::all_of(mapping_ + page, begin_, [](std::byte b) { return b == std::byte{0xFF}; });
}

bool GuardedMemory::contains(const void* address) const {
  const auto* a = static_cast<const std::byte*>(address);
  return mapping_ + page <= a && a < mapping_ + mapped_ - page;
}

bool GuardedMemory::covers(const void* address) const {
  const auto* a = static_cast<const std::byte*>(address);
  return mapping_ <= a && a < mapping_ + mapped_;
}

}  // namespace robmask::gpu::emulated
