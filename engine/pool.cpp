#include "engine/pool.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "engine/backend.h"

namespace robmask {

// Eight classes to an octave: at most an eighth of a block is unused.
std::size_t Pool::size_class(std::size_t bytes) {
  const std::size_t n = std::max<std::size_t>(bytes, 64);
  const std::size_t step = std::max<std::size_t>(std::bit_floor(n) / 8, 64);
  return (n + step - 1) / step * step;
}

std::byte* Pool::allocate(std::size_t bytes) {
  try {
    return machine_.allocate(bytes);
  } catch (const OutOfMemory&) {
    if (!machine_.own_pool_) throw;
    machine_.own_pool_->trim();
    return machine_.allocate(bytes);
  }
}

std::byte* Pool::take(std::size_t bytes) {
  const std::size_t size = size_class(bytes);
  std::byte* block;
  if (auto& blocks = free_[size]; blocks.empty()) {
    block = allocate(size);
    held_ += size;
    machine_.held_ += size;
    machine_.peak_held_ = std::max(machine_.peak_held_, machine_.held_);
  } else {
    block = blocks.extract(blocks.begin()).value();
  }
  used_ += size;
  peak_ = std::max(peak_, used_);
  return block;
}

void Pool::give(std::byte* block, std::size_t bytes) {
  const std::size_t size = size_class(bytes);
  free_[size].insert(block);
  used_ -= size;
}

void Pool::trim() {
  for (const auto& [size, blocks] : std::exchange(free_, {}))
    for (std::byte* block : blocks) {
      machine_.release(block, size);
      held_ -= size;
      machine_.held_ -= size;
    }
}

std::shared_ptr<Pool> Backend::pool() {
  if (borrowed_pool_) return borrowed_pool_;
  if (!own_pool_) own_pool_ = std::make_shared<Pool>(*this);
  return own_pool_;
}

void Backend::forget_pools() {
  borrowed_pool_.reset();
  own_pool_.reset();
}

}  // namespace robmask
