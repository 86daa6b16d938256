#pragma once
// The images that attacks found, as a file.

#include <span>
#include <vector>

#include "data/files/input_file.h"
#include "training/images.h"

namespace robmask {

/// Collects adversarial images for --save-adversarial: a .npy file [N,3,H,W] in [0,1] that holds the
/// clean image where there was nothing to attack.
class AdversarialFile {
 public:
  /// Images are also kept in the file `kept`, for an evaluation that goes on where this one was killed.
  AdversarialFile(DType dtype, const Images& images, const Path& kept);
  /// Takes images; they are on the disk when it returns.
  void put(const std::vector<std::int32_t>& ids, const Tensor& x_adv);
  /// Takes images that an evaluation before this one kept. InputError if it did not.
  void recall(const std::vector<std::int32_t>& ids);
  /// Writes the array.
  void write(const Path& path) const;

 private:
  std::span<double> pixels_of(std::int32_t image);
  std::uint64_t place_of(std::int32_t image);  // in the kept file

  DType dtype_;
  Shape shape_;
  Path kept_;
  std::vector<double> pixels_;  // N·H·W·3
};

}  // namespace robmask
