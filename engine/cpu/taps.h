#pragma once
// Where the taps of a sliding window fall. A convolution and its input gradient are both sums over
// (written pixel, tap) of a read pixel's channels times a K×K tap's weights; only the pairs differ.

#include <vector>

#include "engine/backend.h"

#ifndef ROBMASK_ISA
#define ROBMASK_ISA generic
#endif

namespace robmask::ROBMASK_ISA {

/// For the pixels of one image: written pixel written[p] reads read[t·P + p] through the weights of
/// tap weight[t] = kh·K + kw; read is −1 where the tap falls into the padding, and else
/// origin[p] + shift[t].
struct Taps {
  std::vector<int> weight, shift;
  std::vector<int> written, origin, read;

  Index count() const { return static_cast<Index>(weight.size()); }
  Index pixels() const { return static_cast<Index>(written.size()); }
};

/// The forward pass: output o reads input o·stride + k − pad. x, y: shapes of input and output.
Taps forward_taps(const Shape& x, const Shape& y, const Window& window);

/// The input gradient: input i reads output (i + pad − k) / stride where that is whole. Inputs of
/// one residue (i + pad) mod stride share their taps k ≡ residue, so each of the stride² pairs of
/// residues is a class of its own and nothing is multiplied with inserted zeros.
std::vector<Taps> gradient_taps(const Shape& x, const Shape& y, const Window& window);

}  // namespace robmask::ROBMASK_ISA
