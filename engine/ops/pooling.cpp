// Average and max pooling.

#include <algorithm>

#include "engine/ops.h"
#include "engine/tape.h"
#include "engine/trace.h"

namespace robmask {

namespace {
Shape pooled(const Shape& x, const Window& window) {
  expect(window.kernel <= std::min(x.h, x.w) + 2 * window.pad,
         "expected maps no smaller than a pooling window of {}, got {}", window.kernel,
         to_string(x));
  return {x.n, window.output(x.h), window.output(x.w), x.c};
}
}  // namespace

Variable average_pool(const Variable& x, const Window& window, const Variable& into) {
  // x: N H W C    y: N H/K W/K C
  Backend& machine = x.machine();
  const Shape out = pooled(x.shape(), window);
  const Variable y = into ? into : Variable(Tensor(machine, out, real_of(x.value().dtype())));
  machine.average_pool(y.value(), x.value(), window);
  if (Tape* tape = Tape::hearing({x})) {
    const auto dx = tape->wanted(x);
    tape->record(y, [=, &machine](Tape& t, const Tensor& dy) {
      machine.average_pool_gradient(t.sink(dx), dy, window);
    });
  }
  if (Trace* trace = Trace::open()) trace->average_pool(y, x, window);
  return y;
}

Variable max_pool(const Variable& x, const Window& window) {
  // x: N H W C    y, argmax: N H' W' C
  Backend& machine = x.machine();
  const Shape out = pooled(x.shape(), window);
  const Variable y(Tensor(machine, out, x.value().dtype()));
  const Tensor argmax(machine, out, DType::i32);
  machine.max_pool(y.value(), argmax, x.value(), window);
  if (Tape* tape = Tape::hearing({x})) {
    const auto dx = tape->wanted(x);
    tape->record(y, [=, &machine](Tape& t, const Tensor& dy) {
      machine.max_pool_gradient(t.sink(dx), dy, argmax, window);
    });
  }
  if (Trace* trace = Trace::open()) trace->max_pool(y, x, window);
  return y;
}

}  // namespace robmask
