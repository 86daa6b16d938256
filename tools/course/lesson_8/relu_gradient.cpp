#include "tools/course/lesson_8/exercises.h"
#include "tools/course/unsolved.h"

namespace robmask::course {

void relu_gradient(gpu::Stream, float*, const float*, const float*, Index, bool) {
  throw Unsolved();
}

}  // namespace robmask::course
