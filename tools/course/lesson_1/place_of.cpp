#include "tools/course/lesson_1/exercises.h"
#include "tools/course/unsolved.h"

namespace robmask::course {

Index place_of(const Shape&, Index, Index, Index, Index, Index) { throw Unsolved(); }

}  // namespace robmask::course
