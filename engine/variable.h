#pragma once
// A Variable is a value and a place for its gradient.

#include <memory>

#include "engine/moments.h"

namespace robmask {

/// The place where a gradient is collected. It is apart from the value, so that backward steps can
/// hold the gradient's place without keeping the activation alive. A slot may be a view (a range of
/// channels and images) of another slot: DenseNet's layers share one gradient buffer this way.
struct GradientSlot {
  Backend* machine = nullptr;
  Shape shape;
  DType dtype = DType::f32;
  Tensor gradient;  // empty until the first writer of a backward pass
  /// Behind a ReLU whose gradient the last writer may cut off: the map that is positive where it
  /// passes. Empty where there is none, and once it was done.
  Tensor gate;
  std::shared_ptr<GradientSlot> base;  // if set, this slot is base's images and channels from here:
  Index first_image = 0, first_channel = 0;

  GradientSlot& root() { return base ? base->root() : *this; }
  /// The gradient's memory seen through the views; empty where nothing was written.
  Tensor view() const;
};

class Variable {
 public:
  Variable() = default;
  /// A variable with a gradient slot of its own; it is listened to once a tape names it.
  explicit Variable(Tensor value);
  /// A parameter that products read as `working`, bf16 say: the value is its master, which the
  /// optimizer trains, and of its own type is the gradient. Of one type no copy is kept.
  Variable(Tensor value, DType working);
  /// A range of another variable's images and channels: one memory, one gradient.
  Variable images(Index first, Index count) const;
  Variable channels(Index first, Index count) const;

  explicit operator bool() const { return slot_ != nullptr; }
  const Tensor& value() const { return value_; }
  /// The value as products read it; and the copy kept for them, empty if they read the value.
  const Tensor& operand() const { return working_ ? working_ : value_; }
  const Tensor& working() const { return working_; }
  /// The moments of the value, where the op that wrote it has taken them; a view has none.
  const Moments& moments() const { return moments_; }
  void set_moments(Moments moments) { moments_ = std::move(moments); }
  /// To be called when the value was written by anything but sgd_step: makes the copy anew.
  void refresh() const;
  const Shape& shape() const { return value_.shape(); }
  Backend& machine() const { return value_.machine(); }
  const std::shared_ptr<GradientSlot>& slot() const { return slot_; }
  /// What the last backward pass left here; empty if no tape listened.
  Tensor gradient() const { return slot_->view(); }

 private:
  Variable view(Tensor value, Index first_image, Index first_channel) const;

  Tensor value_, working_;
  Moments moments_;
  std::shared_ptr<GradientSlot> slot_;
};

}  // namespace robmask
