#pragma once
// Work on a list of images in batches that fit into the machine's memory.

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "engine/backend.h"

namespace robmask {

using Warn = std::function<void(const std::string& line)>;

/// The size of batch to go on with where `size` images were too many for the machine's memory, for
/// work whose result no batch changes. Throws the error again if there is no smaller one. `warn`
/// may be empty.
inline Index smaller_batch(Backend& machine, Index size, const OutOfMemory& error,
                           const Warn& warn) {
  if (size == 1) throw error;
  machine.pool()->trim();
  if (warn)
    warn(fmt::format("{}; going on with `batch` {}, which changes no result", error.what(),
                     size / 2));
  return size / 2;
}

/// Calls f with one part of the list after the other, smaller ones where memory does not suffice.
/// What f does to others it does last.
template <class F>
void in_batches(Backend& machine, const std::vector<std::int32_t>& list, Index size,
                const Warn& warn, F&& f) {
  for (std::size_t first = 0; first < list.size();) {
    const std::size_t last = std::min(list.size(), first + size);
    try {
      f(std::vector<std::int32_t>(list.begin() + first, list.begin() + last));
      first = last;
    } catch (const OutOfMemory& error) {
      size = smaller_batch(machine, static_cast<Index>(last - first), error, warn);
    }
  }
}

}  // namespace robmask
