#include "training/images.h"

#include <numeric>

#include "engine/backend.h"

namespace robmask {

namespace {

Tensor i32_tensor(Backend& machine, const std::vector<std::int32_t>& values) {
  return make_tensor(machine, {static_cast<Index>(values.size()), 1, 1, 1}, values);
}

}  // namespace

Images::Images(Backend& machine, Split split) : machine_(machine), split_(std::move(split)) {
  if (!split_.resident() || size() == 0) return;
  pixels_ = make_tensor(machine, shape(size()), split_.pixels);
}

Batch Images::batch(DType dtype, std::span<const std::int32_t> ids,
                    const Augmentation* augmentation) const {
  const auto n = static_cast<Index>(ids.size());
  const std::vector<std::int32_t> numbers(ids.begin(), ids.end());
  std::vector<std::int32_t> labels;
  for (const std::int32_t id : ids) labels.push_back(split_.labels[id]);
  Batch batch{Tensor(machine_, shape(n), dtype), i32_tensor(machine_, labels),
              i32_tensor(machine_, numbers)};
  if (split_.resident()) {
    Stream stream{.purpose = Purpose::crop};
    if (augmentation) {
      stream.seed = augmentation->seed;
      stream.step = static_cast<std::uint64_t>(augmentation->step);
    }
    machine_.gather(batch.images, pixels_, batch.ids, augmentation != nullptr, stream, {});
    return batch;
  }
  std::vector<std::uint8_t> decoded(shape(n).count());
  split_.read(ids, augmentation ? static_cast<std::uint64_t>(augmentation->epoch) : 0, decoded);
  std::vector<std::int32_t> in_order(numbers.size());
  std::iota(in_order.begin(), in_order.end(), 0);
  machine_.gather(batch.images, make_tensor(machine_, shape(n), decoded),
                  i32_tensor(machine_, in_order), false, {}, {});
  return batch;
}

}  // namespace robmask
