#pragma once
// A split of a data set, ready to become batches on a machine.

#include <span>

#include "attacks/classifier.h"
#include "data/dataset.h"
#include "training/recipe.h"

namespace robmask {

class Images {
 public:
  /// Resident pixels are uploaded once, as bytes; a lazily decoded split is read batch by batch.
  Images(Backend& machine, Split split);

  Index size() const { return split_.size(); }
  const Split& split() const { return split_; }
  Shape shape(Index images) const { return {images, split_.height, split_.width, split_.channels}; }

  /// How training sees images: crops and flips keyed by (seed, step, image); a lazily decoded split
  /// draws random resized crops by (epoch, image) itself.
  struct Augmentation {
    std::uint64_t seed = 0;
    Index epoch = 0, step = 0;
  };
  /// Room for a batch of that many images.
  Batch room(DType dtype, Index images) const;
  /// Fills it with the images `ids` in [0,1], as they are or augmented.
  void fill(const Batch& batch, std::span<const std::int32_t> ids,
            const Augmentation* augmentation = nullptr) const;
  /// Both.
  Batch batch(DType dtype, std::span<const std::int32_t> ids,
              const Augmentation* augmentation = nullptr) const;
  /// As attacks see them. To be used while this lives.
  LabelledImages labelled(DType dtype) const;

 private:
  Backend& machine_;
  Split split_;
  Tensor pixels_;  // u8 {M,H,W,3}; empty unless resident
};

}  // namespace robmask
