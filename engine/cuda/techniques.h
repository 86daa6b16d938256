#pragma once
// What makes the kernels faster and can be left out, to measure what it is worth (docs/gpu.md):
// ROBMASK_WITHOUT in the environment names some, separated by commas. Results stay right without.

#include "engine/choice.h"

namespace robmask::cuda {

enum class Technique {
  folded_masks,  // an attack's masks are applied where convolutions store their sums
};
constexpr auto names(Technique) {
  using enum Technique;
  return std::to_array<Named<Technique>>({{folded_masks, "folded-masks"}});
}

/// Whether it is in use. InputError if ROBMASK_WITHOUT names what is none.
bool uses(Technique technique);

}  // namespace robmask::cuda
