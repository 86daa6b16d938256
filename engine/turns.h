#pragma once
// Several pieces of work that wait for each other now and then, one at a time.

#include <functional>
#include <memory>

namespace robmask {

/// Who takes turns.
class Turns {
 public:
  explicit Turns(int count);
  ~Turns();

  /// Calls work(0), …, work(count − 1), each on a thread of its own, of which one runs at a time, the
  /// first one first; returns when all have. What one of them throws ends the others at the next
  /// meeting and is thrown here.
  void run(const std::function<void(int)>& work);
  /// Called by each of them, equally often: lets the others come as far. The last one does what
  /// `together` says, and then all go on.
  void meet(const std::function<void()>& together);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace robmask
