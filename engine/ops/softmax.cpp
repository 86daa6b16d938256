// Softmax over channels.

#include "engine/ops.h"
#include "engine/tape.h"
#include "engine/trace.h"

namespace robmask {

Variable softmax(const Variable& x) {
  Backend& machine = x.machine();
  const Variable y(Tensor(machine, x.shape(), x.value().dtype()));
  machine.softmax(y.value(), x.value());
  if (Tape* tape = Tape::hearing({x})) {
    const auto dx = tape->wanted(x);
    tape->record(y, [=, &machine, saved_y = y.value()](Tape& t, const Tensor& dy) {
      machine.softmax_gradient(t.sink(dx), dy, saved_y);
    });
  }
  if (Trace* trace = Trace::open()) trace->softmax(y, x);
  return y;
}

}  // namespace robmask
