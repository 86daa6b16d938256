#pragma once
// A counter-based generator: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1,
// 2, 3", SC 2011). A number depends only on what it is for, never on how many were drawn before it,
// so results do not depend on threads, batch size or machine, and a resumed run needs no state.

#include <array>
#include <cmath>
#include <cstdint>

#include "engine/host_device.h"

namespace robmask {

/// What a random number is for. Streams of different purposes never overlap.
enum class Purpose : std::uint32_t {
  initialization,
  order,     // shuffling of an epoch
  crop,      // crop and flip of a training image
  start,     // the start of a training attack; branch b of a step uses `start` with branch = b
  strength,  // p of RobMask and of random-strength AdvProp
  evaluation_start,
  synthetic,
  probe,
  attack_start,  // of AutoAttack's attacks; branch = run
  square,        // the windows of Square; branch = run, step = iteration
  sample,        // which images --sample random keeps; branch 1 for training images
};

/// Names one stream of numbers: (seed, purpose, branch, step, image).
struct Stream {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::initialization;
  std::uint32_t branch = 0;  // restart, auxiliary branch, parameter: at most 2^16
  std::uint64_t step = 0;    // at most 2^32
  std::uint32_t image = 0;
};

/// Ten rounds of Philox: 128 random bits for a 128-bit counter and a 64-bit key.
ROBMASK_HOST_DEVICE inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> c,
                                                               std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * c[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * c[2];
    c = {static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(a)};
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  return c;
}

/// The four 32-bit words number 4·block … 4·block + 3 of a stream.
ROBMASK_HOST_DEVICE inline std::array<std::uint32_t, 4> random_words(const Stream& s,
                                                                     std::uint32_t block) {
  const auto tag = (static_cast<std::uint32_t>(s.purpose) << 16) | s.branch;
  return philox({block, s.image, static_cast<std::uint32_t>(s.step), tag},
                {static_cast<std::uint32_t>(s.seed), static_cast<std::uint32_t>(s.seed >> 32)});
}

/// Element i of a stream, uniform in [0, 1): 24 bits as float, 53 bits as double, both exact.
template <class T>
ROBMASK_HOST_DEVICE inline T random_uniform(const Stream& s, std::uint32_t i);
template <>
ROBMASK_HOST_DEVICE inline float random_uniform<float>(const Stream& s, std::uint32_t i) {
  return static_cast<float>(random_words(s, i / 4)[i % 4] >> 8) * 0x1p-24f;
}
template <>
ROBMASK_HOST_DEVICE inline double random_uniform<double>(const Stream& s, std::uint32_t i) {
  const auto w = random_words(s, i / 2);
  const std::uint64_t bits = (std::uint64_t{w[2 * (i % 2)]} << 32) | w[2 * (i % 2) + 1];
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

/// Elements 4·block … 4·block + 3 of random_uniform, for the price of one block of words as float.
template <class T>
ROBMASK_HOST_DEVICE inline std::array<T, 4> random_uniforms(const Stream& s, std::uint32_t block) {
  if constexpr (sizeof(T) == sizeof(float)) {
    const auto words = random_words(s, block);
    std::array<T, 4> u;
    for (int k = 0; k < 4; ++k) u[k] = static_cast<T>(words[k] >> 8) * T(0x1p-24);
    return u;
  } else {
    std::array<T, 4> u;
    for (int k = 0; k < 4; ++k) u[k] = random_uniform<T>(s, 4 * block + k);
    return u;
  }
}

/// Element i of a stream, standard normal (Box and Muller).
ROBMASK_HOST_DEVICE inline double random_normal(const Stream& s, std::uint32_t i) {
  const double u = 1.0 - random_uniform<double>(s, 2 * i), v = random_uniform<double>(s, 2 * i + 1);
  return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586476925 * v);
}

/// Uniform in {0, …, n−1}: element i of a stream (the bias, below n / 2^64, is nothing we can see).
ROBMASK_HOST_DEVICE inline std::uint64_t random_below(const Stream& s, std::uint32_t i,
                                                      std::uint64_t n) {
  const auto w = random_words(s, i / 2);
  const std::uint64_t bits = (std::uint64_t{w[2 * (i % 2)]} << 32) | w[2 * (i % 2) + 1];
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits) * n) >> 64);
}

}  // namespace robmask
