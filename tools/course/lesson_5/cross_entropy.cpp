#include "tools/course/lesson_5/exercises.h"
#include "tools/course/unsolved.h"

namespace robmask::course {

LossAndGradient cross_entropy(std::span<const double>, Index) { throw Unsolved(); }

}  // namespace robmask::course
