#include "engine/pool.h"

#include <algorithm>
#include <iterator>

#include "engine/backend.h"

namespace robmask {

namespace {

constexpr std::size_t grain = 64, huge_page = 2 << 20;

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

std::byte* Pool::allocate(std::size_t bytes) {
  try {
    return machine_.allocate(bytes);
  } catch (const OutOfMemory&) {
    if (!machine_.own_pool_) throw;
    machine_.own_pool_->trim();
    return machine_.allocate(bytes);
  }
}

Pool::Free::iterator Pool::grow(std::size_t size) {
  // Whole huge pages, and half of what there is, so that segments stay few; less where memory ends
  std::size_t segment =
      machine_.guards_memory() ? size : round_up(std::max(size, held_ / 2), huge_page);
  std::byte* start;
  try {
    start = allocate(segment);
  } catch (const OutOfMemory&) {
    start = allocate(segment = size);
  }
  held_ += segment;
  machine_.held_ += segment;
  machine_.peak_held_ = std::max(machine_.peak_held_, machine_.held_);
  blocks_[start] = {segment, true, true};
  return free_.insert({segment, start}).first;
}

std::byte* Pool::take(std::size_t bytes) {
  const std::size_t size = round_up(std::max<std::size_t>(bytes, 1), grain);
  auto found = free_.lower_bound({size, nullptr});
  const bool whole = machine_.guards_memory();
  if (found == free_.end() || (whole && found->first > size + size / 8)) found = grow(size);
  std::byte* const start = found->second;
  Block& block = blocks_.at(start);
  free_.erase(found);
  if (block.size > size && !whole) {
    blocks_[start + size] = {block.size - size, true, false};
    free_.insert({block.size - size, start + size});
    block.size = size;
  }
  block.free = false;
  used_ += block.size;
  machine_.used_ += block.size;
  machine_.peak_used_ = std::max(machine_.peak_used_, machine_.used_);
  return start;
}

void Pool::join(Blocks::iterator block) {
  const auto next = std::next(block);
  if (next == blocks_.end() || !next->second.free || next->second.first) return;
  free_.erase({next->second.size, next->first});
  block->second.size += next->second.size;
  blocks_.erase(next);
}

void Pool::give(std::byte* start) {
  auto block = blocks_.find(start);
  used_ -= block->second.size;
  machine_.used_ -= block->second.size;
  block->second.free = true;
  join(block);
  if (!block->second.first && std::prev(block)->second.free) {
    --block;
    free_.erase({block->second.size, block->first});
    join(block);
  }
  free_.insert({block->second.size, block->first});
}

void Pool::trim() {
  for (auto block = blocks_.begin(); block != blocks_.end();) {
    const auto next = std::next(block);
    const auto [size, free, first] = block->second;
    if (free && first && (next == blocks_.end() || next->second.first)) {
      machine_.release(block->first, size);
      held_ -= size;
      machine_.held_ -= size;
      free_.erase({size, block->first});
      blocks_.erase(block);
    }
    block = next;
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
