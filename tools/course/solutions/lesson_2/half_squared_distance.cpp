#include "engine/tape.h"
#include "tools/course/lesson_2/exercises.h"

namespace robmask::course {

Variable half_squared_distance(const Variable& a, const Variable& b) {
  Backend& machine = a.machine();
  const Tensor difference(machine, a.shape(), a.value().dtype());
  machine.copy(difference, a.value());
  machine.scale({difference, true}, b.value(), -1);

  const Tensor square(machine, a.shape(), a.value().dtype());
  machine.multiply({square}, difference, difference);
  const Variable y(Tensor(machine, {}, a.value().dtype()));
  machine.sum({y.value()}, square, 0.5);

  if (Tape* tape = Tape::hearing({a, b})) {
    const auto da = tape->wanted(a), db = tape->wanted(b);
    tape->record(y, [=, &machine](Tape& t, const Tensor& dy) {
      if (da) machine.scale(t.sink(da), difference, dy.item());
      if (db) machine.scale(t.sink(db), difference, -dy.item());
    });
  }
  return y;
}

}  // namespace robmask::course
