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
  pool.give(blocks[1], 4096);
  blocks.push_back(pool.take(4096));
  pool.give(blocks[5], 4096);
  for (const int i : {4, 3, 2, 0}) pool.give(blocks[i], sizes[i]);
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
  pool.give(a, 1000);
  EXPECT_EQ(pool.take(1000), a);
  pool.give(a, 1000);
  pool.give(b, 1000);
  const std::size_t held = pool.held();
  std::byte *c = pool.take(1000), *d = pool.take(1000);
  EXPECT_NE(c, d);
  EXPECT_EQ(pool.held(), held);
  pool.give(c, 1000);
  pool.give(d, 1000);
}

TEST(Pool, AClassHoldsWhatItPromisesAndWastesLittle) {
  ReferenceBackend machine;
  for (const std::size_t bytes : {1u, 63u, 64u, 65u, 1000u, 4097u, 12345u, 1000001u}) {
    Pool pool(machine);
    std::byte* block = pool.take(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0u);
    EXPECT_GE(pool.used(), bytes);
    EXPECT_LE(pool.used(), bytes + std::max<std::size_t>(bytes / 8, 64));
    pool.give(block, bytes);
    EXPECT_EQ(pool.take(pool.held()), block) << "the whole block serves its class";
    pool.give(block, pool.held());
  }
}

TEST(Pool, CountsWhatIsUsedAndThePeak) {
  ReferenceBackend machine;
  Pool pool(machine);
  std::byte *a = pool.take(1024), *b = pool.take(2048);
  EXPECT_EQ(pool.used(), 3072u);
  pool.give(a, 1024);
  EXPECT_EQ(pool.used(), 2048u);
  EXPECT_EQ(pool.peak(), 3072u);
  EXPECT_EQ(pool.held(), 3072u);
  pool.give(b, 2048);
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
