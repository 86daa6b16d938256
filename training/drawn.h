#pragma once
// What the host draws for a step, where the machine finds it. A step may be recorded once and
// replayed (docs/replay.md), so what it reads lies in tensors that stay where they are and are
// written before each step.

#include <map>
#include <vector>

#include "training/recipe.h"

namespace robmask {

/// The random numbers of a training run that are for one purpose.
Stream stream_of(const TrainSettings& s, Purpose purpose);

/// p ~ U(0,1) of a step, or of an image of it.
double draw_strength(const TrainSettings& s, Index step, std::uint32_t image = 0);

/// A tensor with one row, or one an image. Each number of rows has its own place, as the last batch
/// of an epoch may have fewer.
class Drawn {
 public:
  void set(const Tensor& values);
  /// As it was set last.
  const Tensor& tensor() const { return latest_; }

 private:
  std::map<Index, Tensor> places_;
  Tensor latest_;
};

/// The mask that a pass goes through: the code u of a strength p, or of one p an image.
class StrengthMask {
 public:
  /// Of strength 0, until it is set. A train pass updates the statistics of `pair`.
  explicit StrengthMask(const Model& model, Index pair = 0);
  /// u ← Encode(p)
  void set(const std::vector<double>& p);
  /// For a pass over a batch, or one shard of it.
  Segment segment(const Batch& batch, Mode mode) const;

 private:
  const Model& model_;
  Index pair_;
  std::vector<double> p_;
  Drawn code_, pair_code_;
};

}  // namespace robmask
