// The fastest that a thread of this machine multiplies and adds, and moves memory.

#include <algorithm>

#include "engine/cpu/vector.h"
#include "tools/ladder/ladder.h"

namespace robmask::ladder {

using ROBMASK_ISA::Vector, ROBMASK_ISA::lanes;

/// More sums than hide the latency of a multiply-add (4 or 5 cycles, two begun in each); with the
/// two factors they fit the 16 registers that there are at least.
Peak multiply_adds() {
  constexpr int sums = 12, steps = 100'000;
  const auto run = [] {
    Vector<float> sum[sums], factor{}, term{};
    factor += 0.999f, term += 1e-3f;
    for (auto& s : sum) s = term;
    for (int i = 0; i < steps; ++i) {
      for (auto& s : sum) s = s * factor + term;
      asm volatile("" : "+x"(factor), "+x"(term));  // the loop stays
    }
    for (auto& s : sum) asm volatile("" ::"x"(s));
  };
  return {run, 2e-9 * sums * steps * lanes<float>};
}

/// Far beyond any cache: 64 MB to 64 MB.
Peak copied_bytes() {
  const std::vector<float> from = numbers(16'000'000, 1);
  const auto run = [from, to = from]() mutable {
    std::ranges::copy(from, to.begin());
    asm volatile("" ::"r"(to.data()) : "memory");
  };
  return {run, 2e-9 * 4 * static_cast<double>(from.size())};
}

}  // namespace robmask::ladder
