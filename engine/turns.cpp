#include "engine/turns.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace robmask {

namespace {
thread_local int own_number = 0;
/// Ends the work of one where another has failed.
struct Abandoned {};
}  // namespace

struct Turns::State {
  int count, turn = 0;
  std::mutex guard = {};
  std::condition_variable passed = {};
  std::exception_ptr failure = {};

  void pass_to(int next) {
    {
      const std::lock_guard lock(guard);
      turn = next;
    }
    passed.notify_all();
  }

  void wait_for_turn(int number) {
    std::unique_lock lock(guard);
    passed.wait(lock, [&] { return turn == number || failure; });
    if (failure) throw Abandoned();
  }

  void fail(std::exception_ptr why) {
    {
      const std::lock_guard lock(guard);
      if (!failure) failure = std::move(why);
    }
    passed.notify_all();
  }
};

Turns::Turns(int count) : state_(new State{count}) {}
Turns::~Turns() = default;

void Turns::run(const std::function<void(int)>& work) {
  State& s = *state_;
  if (s.count == 1) return work(0);
  s.turn = 0;
  s.failure = nullptr;
  std::vector<std::jthread> workers;
  workers.reserve(s.count);
  for (int number = 0; number < s.count; ++number)
    workers.emplace_back([&s, &work, number] {
      own_number = number;
      try {
        s.wait_for_turn(number);
        work(number);
        s.pass_to(number + 1);
      } catch (const Abandoned&) {
      } catch (...) {
        s.fail(std::current_exception());
      }
    });
  workers.clear();  // waits for them
  if (s.failure) std::rethrow_exception(s.failure);
}

void Turns::meet(const std::function<void()>& together) {
  State& s = *state_;
  if (own_number + 1 == s.count) together();
  if (s.count == 1) return;
  s.pass_to((own_number + 1) % s.count);
  s.wait_for_turn(own_number);
}

}  // namespace robmask
