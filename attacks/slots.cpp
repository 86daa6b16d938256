#include "attacks/attack.h"

namespace robmask {

Slots::Slots(Backend& machine, const Shape& shape, DType dtype)
    : x(machine, shape, dtype), x_adv(machine, shape, dtype), rows_{x, x_adv} {}

Tensor Slots::make_rows() { return rows_.emplace_back(x.machine(), x.shape(), x.dtype()); }

void Slots::move(Index from, Index to) {
  for (const Tensor& t : rows_) machine().copy(t.images(to, 1), t.images(from, 1));
  runs[to] = runs[from];
}

Strongest::Strongest(Slots& slots)
    : slots_(slots), points_(slots.make_rows()), values_(slots.count(), -HUGE_VAL) {}

bool Strongest::consider(Index slot, double value) {
  if (!(value > values_[slot])) return false;
  values_[slot] = value;
  slots_.machine().copy(points_.images(slot, 1), slots_.x_adv.images(slot, 1));
  return true;
}

void Strongest::hand_out(Index slot) const {
  if (any(slot)) slots_.machine().copy(slots_.x_adv.images(slot, 1), points_.images(slot, 1));
}

}  // namespace robmask
