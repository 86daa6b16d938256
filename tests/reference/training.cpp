#include "tests/reference/view.h"

namespace robmask {

void ReferenceBackend::sgd_step(std::span<const SgdSlot> slots, Tensor rate, double momentum,
                                double decay) {
  dispatch(rate.dtype(), [&]<class T>() {
    for (const SgdSlot& slot : slots) {
      if (!slot.gradient) continue;
      const View<T> weight(slot.value), gradient(slot.gradient), velocity(slot.momentum);
      for_each(slot.value.shape(), [&](auto... at) {
        T &w = weight(at...), &v = velocity(at...);
        v = static_cast<T>(momentum * v + (gradient(at...) + decay * w));
        w -= *rate.data<T>() * v;
      });
      if (slot.working) copy(slot.working, slot.value);
    }
  });
}

// Elements 0, 1, 2 of an image's stream are its two offsets in the padded image, rows first, and
// its flip.
void ReferenceBackend::gather(Tensor batch, Tensor pixels, Tensor index, bool augment,
                              Stream stream, Tensor step) {
  constexpr Index pad = 4;
  const Shape& s = batch.shape();
  if (step) stream.step = static_cast<std::uint64_t>(*step.data<std::int64_t>());
  dispatch(batch.dtype(), [&]<class T>() {
    const View<T> out(batch);
    const View<std::uint8_t> in(pixels);
    const View<std::int32_t> chosen(index);
    for_each(s, [&](Index n, Index h, Index w, Index c) {
      Stream own = stream;
      own.image = static_cast<std::uint32_t>(chosen.row(n));
      Index i = h, j = w;
      if (augment) {
        if (random_below(own, 2, 2) == 1) j = s.w - 1 - j;
        i += static_cast<Index>(random_below(own, 0, 2 * pad + 1)) - pad;
        j += static_cast<Index>(random_below(own, 1, 2 * pad + 1)) - pad;
      }
      const bool inside = i >= 0 && i < s.h && j >= 0 && j < s.w;
      out(n, h, w, c) = inside ? static_cast<T>(in(chosen.row(n), i, j, c)) / T(255) : T(0);
    });
  });
}

}  // namespace robmask
