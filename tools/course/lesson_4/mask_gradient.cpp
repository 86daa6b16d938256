#include "tools/course/lesson_4/exercises.h"
#include "tools/course/unsolved.h"

namespace robmask::course {

MaskGradient mask_gradient(const List&, const List&, double, double, double) { throw Unsolved(); }

}  // namespace robmask::course
