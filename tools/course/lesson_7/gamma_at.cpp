#include "tools/course/lesson_7/exercises.h"
#include "tools/course/unsolved.h"

namespace robmask::course {

std::vector<double> gamma_at(const Table&, double) { throw Unsolved(); }

}  // namespace robmask::course
