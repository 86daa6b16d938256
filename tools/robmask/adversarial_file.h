#pragma once
// The images that attacks found, as a file.

#include <filesystem>
#include <vector>

#include "training/images.h"

namespace robmask {

/// Collects adversarial images for --save-adversarial: a .npy file [N,3,H,W] in [0,1] that holds the
/// clean image where there was nothing to attack.
class AdversarialFile {
 public:
  AdversarialFile(DType dtype, const Images& images);
  void put(const std::vector<std::int32_t>& ids, const Tensor& x_adv);
  void write(const std::filesystem::path& path) const;

 private:
  DType dtype_;
  Shape shape_;
  std::vector<double> pixels_;  // N·H·W·3
};

}  // namespace robmask
