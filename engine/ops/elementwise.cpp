// Ops that treat elements alike.

#include "engine/ops.h"
#include "engine/tape.h"
#include "engine/trace.h"

namespace robmask {

Variable affine(const Variable& x, const Tensor& scale, const Tensor& shift, DType maps) {
  // x, y: N H W C    scale, shift: 1 1 1 C, constants
  Backend& machine = x.machine();
  const Variable y(Tensor(machine, x.shape(), maps));
  machine.affine({y.value()}, x.value(), scale, shift);
  if (Tape* tape = Tape::hearing({x})) {
    const auto dx = tape->wanted(x);
    tape->record(
        y, [=, &machine](Tape& t, const Tensor& dy) { machine.affine(t.sink(dx), dy, scale, {}); });
  }
  if (Trace* trace = Trace::open()) trace->affine(y, x, scale, shift);
  return y;
}

Variable relu(const Variable& x) {
  Backend& machine = x.machine();
  const Variable y(Tensor(machine, x.shape(), x.value().dtype()));
  machine.relu(y.value(), x.value());
  if (Tape* tape = Tape::hearing({x})) {
    const auto dx = tape->wanted(x);
    tape->record(y, [=, &machine, saved_y = y.value()](Tape& t, const Tensor& dy) {
      machine.relu_gradient(t.sink(dx), dy, saved_y);
    });
  }
  if (Trace* trace = Trace::open()) trace->relu(y, x);
  return y;
}

namespace {

/// Tells tape and trace of y = a + factor·b.
void record_sum(const Variable& y, const Variable& a, const Variable& b, double factor) {
  if (Trace* trace = Trace::open()) trace->add(y, a, b, factor);
  Tape* tape = Tape::hearing({a, b});
  if (!tape) return;
  const auto da = tape->wanted(a), db = tape->wanted(b);
  tape->record(y, [=, &machine = y.machine()](Tape& t, const Tensor& dy) {
    if (da) machine.scale(t.sink(da), dy, 1);
    if (db) machine.scale(t.sink(db), dy, factor);
  });
}

}  // namespace

Variable add(const Variable& a, const Variable& b) {
  // y = a + b, all of one shape
  const Variable y(Tensor(a.machine(), a.shape(), a.value().dtype()));
  a.machine().add(y.value(), a.value(), b.value());
  record_sum(y, a, b, 1);
  return y;
}

Variable add_scaled(const Variable& a, const Variable& b, double factor) {
  // y = a + factor·b, all of one shape
  const Variable y(Tensor(a.machine(), a.shape(), a.value().dtype()));
  a.machine().copy(y.value(), a.value());
  a.machine().scale({y.value(), true}, b.value(), factor);
  record_sum(y, a, b, factor);
  return y;
}

Variable sum(const Variable& x, double factor) {
  // x: any shape, y: a scalar
  Backend& machine = x.machine();
  const Variable y(Tensor(machine, {}, x.value().dtype()));
  machine.sum({y.value()}, x.value(), factor);
  if (Tape* tape = Tape::hearing({x})) {
    const auto dx = tape->wanted(x);
    tape->record(y, [=, &machine](Tape& t, const Tensor& dy) {
      machine.sum_gradient(t.sink(dx), dy, factor);
    });
  }
  return y;
}

Variable mean(const Variable& x) { return sum(x, 1.0 / static_cast<double>(x.shape().count())); }

}  // namespace robmask
