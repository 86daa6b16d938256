// Convolution and its two gradients. A linear layer is the 1×1 case on N·1·1·C, plus a bias.

#include "engine/ops/parts.h"
#include "engine/tape.h"
#include "engine/trace.h"

namespace robmask {

Shape convolved(const Variable& x, const Variable& w, const Window& window) {
  expect(w.shape().w * window.groups == x.shape().c && w.shape().n == window.kernel,
         "conv2d of {} with {} in {} groups", to_string(x.shape()), to_string(w.shape()),
         window.groups);
  return {x.shape().n, window.output(x.shape().h), window.output(x.shape().w), w.shape().c};
}

Variable convolve(const Variable& x, const Variable& w, const Window& window, const Variable& into,
                  bool with_moments) {
  // x: N H W Cin    w: K K Cin/g Cout    y: N H' W' Cout
  const Shape out = convolved(x, w, window);
  expect(!into || into.shape() == out, "conv2d of shape {} into {}", to_string(out),
         into ? to_string(into.shape()) : "");
  Backend& machine = x.machine();
  Variable y = into ? into : Variable(Tensor(machine, out, x.value().dtype()));
  Moments moments;
  machine.conv2d(y.value(), x.value(), w.operand(), window, with_moments ? &moments : nullptr);
  y.set_moments(std::move(moments));

  if (Tape* tape = Tape::hearing({x, w})) {
    const auto dx = tape->wanted(x), dw = tape->wanted(w);
    const Tensor saved_x = dw ? x.value() : Tensor(), saved_w = dx ? w.operand() : Tensor();
    tape->record(y, [=, &machine](Tape& t, const Tensor& dy) {
      if (dw) machine.conv2d_weight_gradient(t.sink(dw), dy, saved_x, window);
      if (!dx) return;
      const Tensor gate = t.gate(dx);
      machine.conv2d_input_gradient(t.sink(dx), dy, saved_w, window, gate);
    });
  }
  if (Trace* trace = Trace::open()) trace->conv2d(y, x, w, window);
  return y;
}

Variable conv2d(const Variable& x, const Variable& w, const Window& window, const Variable& into) {
  return convolve(x, w, window, into, false);
}

Variable linear(const Variable& x, const Variable& w, const Variable& b) {
  // x: N 1 1 Cin    w: 1 1 Cin Cout    b: 1 1 1 Cout    y: N 1 1 Cout
  expect(x.shape().pixels() == 1 && w.shape().w == x.shape().c && b.shape().c == w.shape().c,
         "linear of {} with {} and bias {}", to_string(x.shape()), to_string(w.shape()),
         to_string(b.shape()));
  Backend& machine = x.machine();
  const Variable y(Tensor(machine, {x.shape().n, 1, 1, w.shape().c}, x.value().dtype()));
  machine.conv2d(y.value(), x.value(), w.operand(), Window{});
  machine.affine({y.value()}, y.value(), {}, b.value());

  if (Tape* tape = Tape::hearing({x, w, b})) {
    const auto dx = tape->wanted(x), dw = tape->wanted(w), db = tape->wanted(b);
    const Tensor saved_x = dw ? x.value() : Tensor(), saved_w = dx ? w.operand() : Tensor();
    tape->record(y, [=, &machine](Tape& t, const Tensor& dy) {
      if (db) machine.bias_gradient(t.sink(db), dy);
      if (dw) machine.conv2d_weight_gradient(t.sink(dw), dy, saved_x, Window{});
      if (dx) machine.conv2d_input_gradient(t.sink(dx), dy, saved_w, Window{});
    });
  }
  if (Trace* trace = Trace::open()) trace->linear(y, x, w, b);
  return y;
}

}  // namespace robmask
