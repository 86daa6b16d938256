// Ops that move elements.

#include "engine/ops.h"
#include "engine/tape.h"
#include "engine/trace.h"

namespace robmask {

Variable place(const Variable& x, Index h, Index w, Index top, Index left, double outside) {
  // x: N H W C    y: N h w C
  Backend& machine = x.machine();
  const Variable y(Tensor(machine, {x.shape().n, h, w, x.shape().c}, x.value().dtype()));
  machine.place({y.value()}, x.value(), top, left, outside);
  if (Tape* tape = Tape::hearing({x})) {
    const auto dx = tape->wanted(x);
    tape->record(y, [=, &machine](Tape& t, const Tensor& dy) {
      machine.place(t.sink(dx), dy, -top, -left, 0);
    });
  }
  if (Trace* trace = Trace::open()) trace->place(y, x, top, left, outside);
  return y;
}

Variable transpose(const Variable& x, const Shape& shape) {
  // x: N P C    y: N C P
  expect(shape.n == x.shape().n && shape.pixels() == x.shape().c && shape.c == x.shape().pixels(),
         "{} transposed to {}", to_string(x.shape()), to_string(shape));
  Backend& machine = x.machine();
  const Variable y(Tensor(machine, shape, x.value().dtype()));
  machine.transpose({y.value()}, x.value());
  if (Tape* tape = Tape::hearing({x})) {
    const auto dx = tape->wanted(x);
    tape->record(y,
                 [=, &machine](Tape& t, const Tensor& dy) { machine.transpose(t.sink(dx), dy); });
  }
  if (Trace* trace = Trace::open()) trace->transpose(y, x);
  return y;
}

Variable reshape(const Variable& x, const Shape& shape) {
  expect(shape.n == x.shape().n && shape.count() == x.shape().count(), "{} in the shape {}",
         to_string(x.shape()), to_string(shape));
  Backend& machine = x.machine();
  Tensor in_order = x.value();
  if (!in_order.contiguous()) {
    in_order = Tensor(machine, x.shape(), x.value().dtype());
    machine.copy(in_order, x.value());
  }
  const Variable y(in_order.reshaped(shape));
  if (Tape* tape = Tape::hearing({x})) {
    const auto dx = tape->wanted(x);
    tape->record(
        y, [=, from = x.shape()](Tape& t, const Tensor& dy) { t.give(dx, dy.reshaped(from)); });
  }
  if (Trace* trace = Trace::open()) trace->reshape(y, x);
  return y;
}

Variable concatenate(const std::vector<Variable>& parts) {
  // parts: N H W C₁, N H W C₂, …    y: N H W ΣC
  expect(!parts.empty(), "expected something to concatenate");
  Shape shape = parts[0].shape().with_channels(0);
  for (const Variable& part : parts) {
    expect(part.shape().with_channels(0) == shape.with_channels(0), "{} beside {}",
           to_string(part.shape()), to_string(parts[0].shape()));
    shape.c += part.shape().c;
  }
  Backend& machine = parts[0].machine();
  const Variable y(Tensor(machine, shape, parts[0].value().dtype()));
  Tape* tape = nullptr;
  Index first = 0;
  for (const Variable& part : parts) {
    machine.copy(y.value().channels(first, part.shape().c), part.value());
    first += part.shape().c;
    if (Tape* hears = Tape::hearing({part})) tape = hears;
  }
  if (Trace* trace = Trace::open()) trace->concatenate(y, parts);
  if (!tape) return y;
  struct Part {
    Tape::Slot gradient;
    Index channels;
  };
  std::vector<Part> wanted;
  for (const Variable& part : parts) wanted.push_back({tape->wanted(part), part.shape().c});
  tape->record(y, [=, &machine](Tape& t, const Tensor& dy) {
    Index channel = 0;
    for (const Part& part : wanted) {
      if (part.gradient)
        machine.scale(t.sink(part.gradient), dy.channels(channel, part.channels), 1);
      channel += part.channels;
    }
  });
  return y;
}

}  // namespace robmask
