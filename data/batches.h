#pragma once
// Which images make up which mini-batch: a pure function of (seed, epoch, batch), so a run resumes
// at any point without having drawn what came before.

#include <cstdint>
#include <span>
#include <vector>

#include "engine/shape.h"

namespace robmask {

/// The order in which an epoch visits images 0 … n−1: a Fisher–Yates shuffle of (seed, epoch), or
/// file order where `shuffle` is false.
std::vector<std::int32_t> epoch_order(Index images, bool shuffle, std::uint64_t seed,
                                      std::uint64_t epoch);

class Batches {
 public:
  /// Batches of `batch` images; the last of an epoch holds what is left and may be smaller.
  /// Throws InputError unless both numbers are positive.
  Batches(Index images, Index batch, bool shuffle, std::uint64_t seed);

  /// Batches in an epoch: ⌈images / batch⌉.
  Index count() const { return (images_ + batch_ - 1) / batch_; }
  /// The images of batch `index` of `epoch`, valid until another epoch is asked for.
  std::span<const std::int32_t> at(std::uint64_t epoch, Index index);

 private:
  Index images_, batch_;
  bool shuffle_;
  std::uint64_t seed_;
  std::uint64_t epoch_ = 0;  // whose order is held, if any is
  std::vector<std::int32_t> order_;
};

}  // namespace robmask
