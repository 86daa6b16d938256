#include "tools/course/lesson_2/exercises.h"
#include "tools/course/unsolved.h"

namespace robmask::course {

Variable half_squared_distance(const Variable&, const Variable&) { throw Unsolved(); }

}  // namespace robmask::course
