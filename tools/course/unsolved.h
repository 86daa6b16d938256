#pragma once
// What an exercise does until it is solved.

#include <stdexcept>

namespace robmask::course {

struct Unsolved : std::logic_error {
  Unsolved() : std::logic_error("not solved yet") {}
};

}  // namespace robmask::course
