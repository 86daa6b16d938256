#include "tools/course/lesson_8/exercises.h"
#include "tools/course/unsolved.h"

namespace robmask::course {

void column_sums(gpu::Stream, double*, const float*, Index, Index) { throw Unsolved(); }

}  // namespace robmask::course
