#include "engine/ranges.h"

namespace robmask {

std::vector<std::string> in_ranges(Processes& processes, Index n,
                                   const std::function<std::string(const Shards& range)>& work) {
  std::string mine;
  int signal = 0;
  try {
    mine = work(shards_of(n, processes.rank(), processes.count()));
  } catch (const Interrupted& interruption) {
    signal = interruption.signal;
  }
  if (const int any = processes.largest(signal)) throw Interrupted(any);
  return processes.gather(mine);
}

}  // namespace robmask
