// Products of maps, and what makes maps of one shape of others.

#include "engine/ops.h"
#include "engine/tape.h"
#include "engine/trace.h"

namespace robmask {

namespace {
/// std::logic_error unless `small` can be repeated to `large`.
void expect_broadcast(const Shape& small, const Shape& large) {
  const auto fits = [](Index a, Index b) { return a == b || a == 1; };
  expect(fits(small.n, large.n) && fits(small.h, large.h) && fits(small.w, large.w) &&
             fits(small.c, large.c),
         "{} cannot be repeated to {}", to_string(small), to_string(large));
}
}  // namespace

Variable multiply(const Variable& a, const Variable& b) {
  // y = a·b, all of one shape
  expect(a.shape() == b.shape(), "{} times {}", to_string(a.shape()), to_string(b.shape()));
  Backend& machine = a.machine();
  const Variable y(Tensor(machine, a.shape(), a.value().dtype()));
  machine.multiply({y.value()}, a.value(), b.value());
  if (Tape* tape = Tape::hearing({a, b})) {
    const auto da = tape->wanted(a), db = tape->wanted(b);
    const Tensor saved_a = db ? a.value() : Tensor(), saved_b = da ? b.value() : Tensor();
    tape->record(y, [=, &machine](Tape& t, const Tensor& dy) {
      if (da) machine.multiply(t.sink(da), dy, saved_b);
      if (db) machine.multiply(t.sink(db), dy, saved_a);
    });
  }
  if (Trace* trace = Trace::open()) trace->multiply(y, a, b);
  return y;
}

Variable expand(const Variable& x, const Shape& shape) {
  expect_broadcast(x.shape(), shape);
  Backend& machine = x.machine();
  const Variable y(Tensor(machine, shape, x.value().dtype()));
  machine.expand({y.value()}, x.value());
  if (Tape* tape = Tape::hearing({x})) {
    const auto dx = tape->wanted(x);
    tape->record(y,
                 [=, &machine](Tape& t, const Tensor& dy) { machine.sum_to(t.sink(dx), dy, 1); });
  }
  if (Trace* trace = Trace::open()) trace->expand(y, x);
  return y;
}

Variable sum_to(const Variable& x, const Shape& shape, double factor) {
  expect_broadcast(shape, x.shape());
  Backend& machine = x.machine();
  const Variable y(Tensor(machine, shape, x.value().dtype()));
  machine.sum_to({y.value()}, x.value(), factor);
  if (Tape* tape = Tape::hearing({x})) {
    const auto dx = tape->wanted(x);
    tape->record(y, [=, &machine](Tape& t, const Tensor& dy) {
      const Tensor scaled(machine, dy.shape(), dy.dtype());
      machine.scale({scaled}, dy, factor);
      machine.expand(t.sink(dx), scaled);
    });
  }
  if (Trace* trace = Trace::open()) trace->sum_to(y, x, factor);
  return y;
}

}  // namespace robmask
