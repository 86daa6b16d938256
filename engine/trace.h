#pragma once
// What a network computes, told to whoever wants to write it down elsewhere: while a trace is open,
// each op that networks are made of announces itself, once it is done. A trace knows no network.

#include <string_view>

#include "engine/ops.h"

namespace robmask {

class Trace {
 public:
  /// Opens a trace for this thread, inside any that is open already: the inner one hears.
  Trace();
  virtual ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  /// The innermost open trace of this thread, else null.
  static Trace* open();

  // An op of engine/ops.h: what it wrote, and what it was given. masked_conv2d announces the
  // convolution and the mask that it is made of. Each throws InputError that names the op, unless a
  // trace knows what to do with it.
  virtual void conv2d(const Variable& y, const Variable& x, const Variable& w,
                      const Window& window);
  virtual void linear(const Variable& y, const Variable& x, const Variable& w, const Variable& b);
  virtual void mask(const Variable& z, const Variable& x, const MaskState& state,
                    const MaskOptions& options);
  virtual void affine(const Variable& y, const Variable& x, const Tensor& scale,
                      const Tensor& shift);
  virtual void relu(const Variable& y, const Variable& x);
  virtual void average_pool(const Variable& y, const Variable& x, const Window& window);
  virtual void max_pool(const Variable& y, const Variable& x, const Window& window);
  /// add and add_scaled: y = a + factor·b
  virtual void add(const Variable& y, const Variable& a, const Variable& b, double factor);
  virtual void activate(const Variable& y, const Variable& x, const Activation& f);
  virtual void multiply(const Variable& y, const Variable& a, const Variable& b);
  /// y has the shape that x is repeated, or summed, to.
  virtual void expand(const Variable& y, const Variable& x);
  virtual void sum_to(const Variable& y, const Variable& x, double factor);
  virtual void place(const Variable& y, const Variable& x, Index top, Index left, double outside);
  virtual void transpose(const Variable& y, const Variable& x);
  virtual void reshape(const Variable& y, const Variable& x);
  virtual void concatenate(const Variable& y, const std::vector<Variable>& parts);
  virtual void softmax(const Variable& y, const Variable& x);

 private:
  Trace* outer_;
};

}  // namespace robmask
