#include "tools/course/lesson_3/exercises.h"
#include "tools/course/unsolved.h"

namespace robmask::course {

std::vector<Counted> slide(const std::vector<Counted>&, const std::array<Counted, 3>&) {
  throw Unsolved();
}

}  // namespace robmask::course
