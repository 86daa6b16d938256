#pragma once
// Adversarial images as files hold them: whole multiples of 1/255.

#include <span>

#include "engine/backend.h"

namespace robmask {

/// Rounds one adversarial image to the lattice of 8-bit pixels without leaving the ball around the
/// clean image x, which lies on that lattice: each pixel to the nearest level, or to the next one
/// towards x where the nearest would leave the ball. L2: as few pixels as possible are held back.
void round_to_bytes(std::span<double> x_adv, std::span<const double> x, Norm norm, double eps);
/// A copy in which each image is rounded so.  x_adv, x: N·H·W·C
Tensor rounded_to_bytes(const Tensor& x_adv, const Tensor& x, Norm norm, double eps);

}  // namespace robmask
