// Functions of one number.

#include "engine/ops.h"
#include "engine/tape.h"
#include "engine/trace.h"

namespace robmask {

Variable activate(const Variable& x, const Activation& f) {
  Backend& machine = x.machine();
  const Variable y(Tensor(machine, x.shape(), x.value().dtype()));
  machine.activate(y.value(), x.value(), f);
  if (Tape* tape = Tape::hearing({x})) {
    const auto dx = tape->wanted(x);
    tape->record(y, [=, &machine, saved_x = x.value()](Tape& t, const Tensor& dy) {
      machine.activate_gradient(t.sink(dx), dy, saved_x, f);
    });
  }
  if (Trace* trace = Trace::open()) trace->activate(y, x, f);
  return y;
}

}  // namespace robmask
