#pragma once
// The numbers of the golden tests: weights and images from an integer hash of a name, and
// fingerprints of tensors. README.md states the formulas, formula.py is their other half.

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace robmask::golden {

/// A stream of uniform numbers with a name: FNV-1a names the seed, splitmix64 does the rest.
class Hash {
 public:
  explicit Hash(const std::string& name) {
    for (const char c : name) seed_ = (seed_ ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  }

  /// Element i, uniform in [0, 1) with 53 bits.
  double uniform(std::uint64_t i) const {
    std::uint64_t z = seed_ + (i + 1) * 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }
  /// Element i, uniform in [−1, 1).
  double signed_uniform(std::uint64_t i) const { return 2 * uniform(i) - 1; }

 private:
  std::uint64_t seed_ = 0xCBF29CE484222325ull;
};

/// `count` values of center + scale·v, the stream's own in [−1, 1).
inline std::vector<double> values(const std::string& name, std::size_t count, double center,
                                  double scale) {
  const Hash hash(name);
  std::vector<double> v(count);
  for (std::size_t i = 0; i < count; ++i) v[i] = center + scale * hash.signed_uniform(i);
  return v;
}

/// Byte i of all golden images, counted image, channel, row, column; and label n.
inline std::uint8_t pixel(std::uint64_t i) {
  static const Hash hash("image");
  return static_cast<std::uint8_t>(256 * hash.uniform(i));
}
inline std::int32_t label(std::uint64_t n) {
  static const Hash hash("label");
  return static_cast<std::int32_t>(10 * hash.uniform(n));
}

/// ‖t‖₂, then the eight projections of t.
inline std::vector<double> fingerprint(const std::vector<double>& t) {
  double squares = 0;
  for (const double x : t) squares += x * x;
  std::vector<double> print{std::sqrt(squares)};
  for (int j = 0; j < 8; ++j) {
    const Hash direction("projection/" + std::to_string(j));
    double sum = 0;
    for (std::size_t i = 0; i < t.size(); ++i) sum += direction.signed_uniform(i) * t[i];
    print.push_back(sum);
  }
  return print;
}

/// An estimate of ‖a − b‖₂ / ‖b‖₂ from the fingerprints of a and b.
inline double relative_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double squares = 0;
  for (std::size_t j = 1; j < b.size(); ++j) squares += (a[j] - b[j]) * (a[j] - b[j]);
  return std::sqrt(3.0 / 8.0 * squares) / b[0];
}

}  // namespace robmask::golden
