#include "engine/pool.h"

#include <gtest/gtest.h>

#include "tests/reference_backend.h"

namespace robmask {
namespace {

/// Takes and gives as an iteration of training might, and tells the addresses.
std::vector<std::byte*> iteration(Pool& pool) {
  std::vector<std::byte*> blocks;
  const std::size_t sizes[] = {100, 4096, 100, 70000, 4096};
  for (const std::size_t size : sizes) blocks.push_back(pool.take(size));
  pool.give(blocks[1]);
  blocks.push_back(pool.take(4096));
  for (const int i : {5, 4, 3, 2, 0}) pool.give(blocks[i]);
  return blocks;
}

TEST(Pool, TheSameSequenceGivesTheSameAddresses) {
  ReferenceBackend machine;
  Pool pool(machine);
  iteration(pool);
  const auto second = iteration(pool);
  const std::size_t held = pool.held();
  EXPECT_EQ(iteration(pool), second);
  EXPECT_EQ(iteration(pool), second);
  EXPECT_EQ(pool.held(), held);
}

TEST(Pool, HandsOutWhatCameBackBeforeItAsksForMore) {
  ReferenceBackend machine;
  Pool pool(machine);
  std::byte *a = pool.take(1000), *b = pool.take(1000);
  EXPECT_NE(a, b);
  pool.give(a);
  EXPECT_EQ(pool.take(1000), a);
  pool.give(a);
  pool.give(b);
  const std::size_t held = pool.held();
  std::byte *c = pool.take(1000), *d = pool.take(1000);
  EXPECT_NE(c, d);
  EXPECT_EQ(pool.held(), held);
  pool.give(c);
  pool.give(d);
}

TEST(Pool, CutsASmallBlockFromALargeOneAndJoinsThemAgain) {
  ReferenceBackend machine;
  Pool pool(machine);
  std::byte* const whole = pool.take(1 << 20);
  const std::size_t held = pool.held();
  pool.give(whole);
  std::vector<std::byte*> parts;
  for (int i = 0; i < 16; ++i) parts.push_back(pool.take(1 << 16));
  EXPECT_EQ(pool.held(), held);
  for (const int i : {3, 0, 7, 5, 6, 15, 1, 2, 4, 8, 14, 9, 13, 10, 12, 11}) pool.give(parts[i]);
  EXPECT_EQ(pool.take(1 << 20), whole);
  pool.give(whole);
}

TEST(Pool, TakesTheSmallestBlockThatIsLargeEnough) {
  ReferenceBackend machine;
  Pool pool(machine);
  std::byte *large = pool.take(9 << 10), *wall = pool.take(64), *small = pool.take(5 << 10),
            *end = pool.take(64);
  pool.give(large);
  pool.give(small);
  EXPECT_EQ(pool.take(4 << 10), small);
  EXPECT_EQ(pool.take(8 << 10), large);
  for (std::byte* block : {large, wall, small, end}) pool.give(block);
}

TEST(Pool, KeepsBlocksApartAndAligned) {
  ReferenceBackend machine;
  Pool pool(machine);
  std::map<std::byte*, std::size_t> blocks;
  for (const std::size_t bytes : {0u, 1u, 63u, 64u, 65u, 1000u, 4097u, 12345u, 1000001u, 7u})
    blocks[pool.take(bytes)] = bytes;
  EXPECT_EQ(blocks.size(), 10u);
  std::byte* end = nullptr;
  std::size_t used = 0;
  for (const auto& [block, bytes] : blocks) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0u);
    EXPECT_GE(block, end);
    end = block + bytes;
    used += bytes;
  }
  EXPECT_GE(pool.used(), used);
  EXPECT_LT(pool.used(), used + 64 * blocks.size() + 1);
  for (const auto& [block, bytes] : blocks) pool.give(block);
}

TEST(Pool, GivesBackToTheMachineOnlyWhatIsNotInUse) {
  ReferenceBackend machine;
  Pool pool(machine);
  std::byte *a = pool.take(3 << 20), *b = pool.take(5 << 20);
  pool.give(b);
  pool.trim();
  EXPECT_EQ(pool.used(), std::size_t{3 << 20});
  EXPECT_EQ(pool.held(), std::size_t{4 << 20}) << "whole huge pages";
  EXPECT_EQ(machine.held(), pool.held());
  pool.give(a);
  pool.trim();
  EXPECT_EQ(machine.held(), 0u);
}

/// A machine that would notice an access beyond the end of an allocation.
class GuardedBackend : public ReferenceBackend {
 public:
  std::vector<std::size_t> allocated;

  std::byte* allocate(std::size_t bytes) override {
    allocated.push_back(bytes);
    return ReferenceBackend::allocate(bytes);
  }
  bool guards_memory() const override { return true; }
};

TEST(Pool, OfAMachineThatGuardsMemoryKeepsEachBlockApart) {
  GuardedBackend machine;
  Pool pool(machine);
  std::byte *a = pool.take(1000), *b = pool.take(100'000);
  EXPECT_EQ(machine.allocated, (std::vector<std::size_t>{1024, 100'032}));
  pool.give(b);
  std::byte* c = pool.take(1000);
  EXPECT_NE(c, b) << "its end would lie inside of a larger block";
  EXPECT_EQ(pool.take(99'000), b);
  for (std::byte* block : {a, b, c}) pool.give(block);
  EXPECT_EQ(pool.used(), 0u);
}

TEST(Pool, CountsWhatIsUsedAndThePeak) {
  ReferenceBackend machine;
  Pool pool(machine);
  std::byte *a = pool.take(1024), *b = pool.take(2048);
  EXPECT_EQ(pool.used(), 3072u);
  pool.give(a);
  EXPECT_EQ(pool.used(), 2048u);
  EXPECT_EQ(machine.peak_used(), 3072u);
  pool.give(b);
  EXPECT_EQ(pool.used(), 0u);
}

TEST(Pool, ATensorsMemoryReturnsWithItsLastView) {
  ReferenceBackend machine;
  Tensor view;
  {
    const Tensor whole(machine, {4, 1, 1, 16}, DType::f32);
    view = whole.images(1, 2);
  }
  EXPECT_EQ(machine.pool()->used(), 256u);
  view = {};
  EXPECT_EQ(machine.pool()->used(), 0u);
}

}  // namespace
}  // namespace robmask
