#pragma once
// The embedded data set: it needs no files and shows the paper's trade-off in seconds.
//
// After Tsipras et al., "Robustness May Be at Odds with Accuracy" (ICLR 2019), each image carries
//   - a robust feature: a large bar whose colour and direction tell the class, far brighter than
//     any allowed perturbation; but in `misleading` of the images it is the bar of another class;
//   - a non-robust feature: a fixed fine texture of the class over the whole image, of `texture` /
//     255 a pixel. It always tells the truth; but ε ≥ texture / 255 wipes it out, and 2·texture /
//     255 replaces it by the texture of any other class.
// So a standard network reads the texture (nearly all right, nothing left under attack), and a
// robust one must read the bar and cannot be right more often than 1 − misleading.
// Place, length and brightness of the bar, the level and slope of the background, and noise vary.

#include "data/dataset.h"

namespace robmask {

namespace synthetic {
inline constexpr Index train_images = 2000, test_images = 500;
inline constexpr Index classes = 10, side = 32;

inline constexpr double misleading = 0.25;  // part of the images that show another class's bar
inline constexpr int texture = 3;           // amplitude, in 255ths
inline constexpr double noise = 1;          // standard deviation, in 255ths

inline constexpr double bar_level = 100;       // above the background, in 255ths, ±20 %
inline constexpr double bar_half_length = 11;  // pixels, up to 2 more
inline constexpr double bar_half_width = 2.2;  // pixels, up to 0.8 more
inline constexpr double bar_jitter = 5;        // pixels off the centre, up and down, left and right
inline constexpr double background = 22;       // in 255ths, ±2 for each of R, G, B
inline constexpr double background_slope = 4;  // ±, from the middle to an edge

/// The class whose bar image `id` shows; its label is id mod 10.
Index shown_class(std::uint32_t id);

/// The texture of a class at a pixel and channel: ±1.
int texture_sign(Index label, Index y, Index x, Index channel);

/// Writes image `id`, 32×32×3 bytes. Images are numbered; the same number is the same image always.
void draw(std::uint32_t id, std::uint8_t* image);
}  // namespace synthetic

/// Images 0 … 1,999 to train on and 2,000 … 2,499 to test with, classes in turn, so that every
/// limit is balanced. The images do not depend on options.seed: it is one data set, like any other.
Dataset make_synthetic(const DataOptions& options);

}  // namespace robmask
