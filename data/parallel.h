#pragma once
// A loop over independent items, some of which may fail.

#include <atomic>
#include <exception>
#include <mutex>
#include <string>
#include <vector>

#include "engine/threads.h"

namespace robmask {

/// Calls f(i) for i = 0 … n−1 on all threads, in any order. If calls throw, the exception of the
/// smallest i is thrown once all are done, so the error does not depend on the threads.
template <class F>
void try_parallel_for(Index n, const F& f) {
  std::mutex guard;
  std::exception_ptr error;
  std::atomic<Index> first_error = n;
  parallel_for(n, [&](Index i) {
    if (i > first_error) return;
    try {
      f(i);
    } catch (...) {
      const std::lock_guard lock(guard);
      if (i < first_error) {
        first_error = i;
        error = std::current_exception();
      }
    }
  });
  if (error) std::rethrow_exception(error);
}

/// The same, but where an InputError shall not `stop` it: then what they say is returned, by item,
/// and nothing for those that went well.
template <class F>
std::vector<std::string> parallel_refusals(Index n, bool stop, const F& f) {
  std::vector<std::string> refusals(n);
  try_parallel_for(n, [&](Index i) {
    try {
      f(i);
    } catch (const InputError& error) {
      if (stop) throw;
      refusals[i] = error.what();
    }
  });
  return refusals;
}

}  // namespace robmask
