#include "training/images.h"

#include <numeric>

#include "engine/backend.h"

namespace robmask {

Images::Images(Backend& machine, Split split) : machine_(machine), split_(std::move(split)) {
  if (!split_.resident() || size() == 0) return;
  pixels_ = make_tensor(machine, shape(size()), split_.pixels);
}

Batch Images::room(DType dtype, Index images) const {
  const Shape numbers{images, 1, 1, 1};
  return {Tensor(machine_, shape(images), dtype), Tensor(machine_, numbers, DType::i32),
          Tensor(machine_, numbers, DType::i32)};
}

void Images::fill(const Batch& batch, std::span<const std::int32_t> ids,
                  const Augmentation* augmentation) const {
  const auto n = static_cast<Index>(ids.size());
  std::vector<std::int32_t> labels;
  for (const std::int32_t id : ids) labels.push_back(split_.labels[id]);
  batch.labels.from_host(labels);
  batch.ids.from_host(std::vector(ids.begin(), ids.end()));
  if (split_.resident()) {
    Stream stream{.purpose = Purpose::crop};
    if (augmentation) {
      stream.seed = augmentation->seed;
      stream.step = static_cast<std::uint64_t>(augmentation->step);
    }
    machine_.gather(batch.images, pixels_, batch.ids, augmentation != nullptr, stream, {});
    return;
  }
  std::vector<std::uint8_t> decoded(shape(n).count());
  split_.read(ids, augmentation ? static_cast<std::uint64_t>(augmentation->epoch) : 0, decoded);
  std::vector<std::int32_t> in_order(ids.size());
  std::iota(in_order.begin(), in_order.end(), 0);
  machine_.gather(batch.images, make_tensor(machine_, shape(n), decoded),
                  make_tensor(machine_, batch.ids.shape(), in_order), false, {}, {});
}

Batch Images::batch(DType dtype, std::span<const std::int32_t> ids,
                    const Augmentation* augmentation) const {
  const Batch filled = room(dtype, static_cast<Index>(ids.size()));
  fill(filled, ids, augmentation);
  return filled;
}

LabelledImages Images::labelled(DType dtype) const {
  return {.machine = &machine_,
          .shape = shape(1),
          .dtype = dtype,
          .labels = split_.labels,
          .pixels = [this, dtype](const auto& ids) { return batch(dtype, ids).images; },
          .name = [this](std::int32_t image) { return split_.file_of(image).string(); }};
}

}  // namespace robmask
