#pragma once
// Work that is done again and again with the same shapes: run once, recorded once, replayed thereafter.

#include <functional>
#include <utility>

namespace robmask {

/// An iteration. Its body allocates only through the machine's pool, reads nothing back to the host,
/// and takes all that varies (batch, rate, counters, strengths) from tensors filled before the call.
/// The CPU has nothing to record and runs the body each time.
class Replay {
 public:
  explicit Replay(std::function<void()> body) : body_(std::move(body)) {}
  void operator()() { body_(); }

 private:
  std::function<void()> body_;
};

}  // namespace robmask
