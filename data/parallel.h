#pragma once
// A loop over independent items, some of which may fail.

#include <omp.h>

#include <atomic>
#include <exception>
#include <mutex>

#include "engine/shape.h"

namespace robmask {

/// Calls f(i) for i = 0 … n−1 on `threads` threads, in any order. If calls throw, the exception of the
/// smallest i is thrown once all are done, so the error does not depend on the threads.
template <class F>
void parallel_for(Index n, int threads, const F& f) {
  std::mutex guard;
  std::exception_ptr error;
  std::atomic<Index> first_error = n;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (Index i = 0; i < n; ++i) {
    if (i > first_error) continue;
    try {
      f(i);
    } catch (...) {
      const std::lock_guard lock(guard);
      if (i < first_error) {
        first_error = i;
        error = std::current_exception();
      }
    }
  }
  if (error) std::rethrow_exception(error);
}

/// The same on as many threads as OpenMP gives this program (--threads, OMP_NUM_THREADS).
template <class F>
void parallel_for(Index n, const F& f) {
  parallel_for(n, omp_get_max_threads(), f);
}

}  // namespace robmask
