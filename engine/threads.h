#pragma once
// The threads that share the loops of the CPU.

#include <type_traits>

#include "engine/shape.h"

namespace robmask {

constexpr int most_threads = 1024;

/// What OMP_NUM_THREADS says, or where it says nothing, the cores that this process may use.
/// InputError unless it is a whole number from 1 to most_threads.
int default_thread_count();
/// How many threads a loop may have, the caller's among them: the default until set_thread_count().
int thread_count();
/// From 1 to most_threads; not while a loop runs.
void set_thread_count(int count);

/// What the threads are to do: the passes [first, last) of a loop.
struct Loop {
  Index count;
  const void* body;
  void (*run)(const void* body, Index first, Index last, int thread);
};
void run_on_all_threads(const Loop& loop);

/// Calls f(i), or f(i, thread), for i = 0 … count−1 in any order, and returns when all are done.
/// `thread`, below thread_count(), differs between calls that run at the same time. A loop inside
/// of another, or beside one that another thread began, runs on its caller alone. f must not throw.
template <class F>
void parallel_for(Index count, const F& f) {
  run_on_all_threads({count, &f, [](const void* body, Index first, Index last, int thread) {
                        const F& pass = *static_cast<const F*>(body);
                        for (Index i = first; i < last; ++i)
                          if constexpr (std::is_invocable_v<const F&, Index, int>)
                            pass(i, thread);
                          else
                            pass(i);
                      }});
}

}  // namespace robmask
