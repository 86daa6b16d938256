#include "data/batches.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/random.h"

namespace robmask {

std::vector<std::int32_t> epoch_order(Index images, bool shuffle, std::uint64_t seed,
                                      std::uint64_t epoch) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(images));
  std::iota(order.begin(), order.end(), 0);
  if (!shuffle) return order;
  const Stream stream{.seed = seed, .purpose = Purpose::order, .step = epoch};
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[random_below(stream, static_cast<std::uint32_t>(i - 1), i)]);
  }
  return order;
}

Batches::Batches(Index images, Index batch, bool shuffle, std::uint64_t seed)
    : images_(images), batch_(batch), shuffle_(shuffle), seed_(seed) {
  require(images > 0, "`data`: expected at least one image to train on, got none");
  require(batch > 0, "`batch`: expected a positive number of images, got {}", batch);
}

std::span<const std::int32_t> Batches::at(std::uint64_t epoch, Index index) {
  expect(index >= 0 && index < count(), "batch {} of an epoch of {}", index, count());
  if (order_.empty() || epoch != epoch_) {
    order_ = epoch_order(images_, shuffle_, seed_, epoch);
    epoch_ = epoch;
  }
  const Index first = index * batch_, size = std::min(batch_, images_ - first);
  return std::span<const std::int32_t>(order_).subspan(static_cast<std::size_t>(first),
                                                       static_cast<std::size_t>(size));
}

}  // namespace robmask
