#include "engine/variable.h"

#include "engine/backend.h"

namespace robmask {

Tensor GradientSlot::view() const {
  if (!base) return gradient;
  const Tensor whole = base->view();
  return whole ? whole.images(first_image, shape.n).channels(first_channel, shape.c) : Tensor();
}

Variable::Variable(Tensor value)
    : value_(std::move(value)), slot_(std::make_shared<GradientSlot>()) {
  slot_->machine = &value_.machine();
  slot_->shape = value_.shape();
  slot_->dtype = value_.dtype();
}

Variable::Variable(Tensor value, DType working) : Variable(std::move(value)) {
  if (working == value_.dtype()) return;
  working_ = Tensor(machine(), shape(), working);
  refresh();
}

void Variable::refresh() const {
  if (working_) machine().copy(working_, value_);
}

Variable Variable::view(Tensor value, Index first_image, Index first_channel) const {
  Variable v(std::move(value));
  v.slot_->base = slot_;
  v.slot_->first_image = first_image;
  v.slot_->first_channel = first_channel;
  return v;
}

Variable Variable::images(Index first, Index count) const {
  return view(value_.images(first, count), first, 0);
}

Variable Variable::channels(Index first, Index count) const {
  return view(value_.channels(first, count), 0, first);
}

}  // namespace robmask
