#pragma once

#include "training/terminal.h"

namespace robmask::test {

/// While it lives, the program speaks: tests run as with --quiet (quiet.cpp).
class Loud {
 public:
  Loud() { set_quiet(false); }
  ~Loud() { set_quiet(true); }
  Loud(const Loud&) = delete;
  Loud& operator=(const Loud&) = delete;
};

}  // namespace robmask::test
