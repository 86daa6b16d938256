#include "engine/ops.h"
#include "engine/tape.h"
#include "tools/course/lesson_5/exercises.h"
#include "tools/course/unsolved.h"

namespace robmask::course {

double backward_in_parts(const Model&, const Batch&, Index) { throw Unsolved(); }

}  // namespace robmask::course
