#include "tools/course/lesson_4/exercises.h"
#include "tools/course/unsolved.h"

namespace robmask::course {

LensNumbers lens_of(const Masks&) { throw Unsolved(); }

}  // namespace robmask::course
