#pragma once
// The images that attacks found, as a file.

#include <span>
#include <vector>

#include "data/files/input_file.h"
#include "training/images.h"

namespace robmask {

/// Collects adversarial images, and the clean image where there was nothing to attack, for
/// --save-adversarial and --save-adversarial-png. Both are data sets again: `--data npy:FILE.npy`
/// and `--data folder:FOLDER`.
class AdversarialFile {
 public:
  /// Images are also kept in the file `kept`, for an evaluation that goes on where this one was
  /// killed.
  AdversarialFile(DType dtype, const Images& images, const Path& kept);
  /// Takes images; they are on the disk when it returns.
  void put(const std::vector<std::int32_t>& ids, const Tensor& x_adv);
  /// Takes images that an evaluation before this one kept. InputError if it did not.
  void recall(const std::vector<std::int32_t>& ids);
  /// Writes an array [N,3,H,W] in [0,1], and beside FILE.npy its labels, FILE.labels.npy, int64
  /// [N].
  void write_array(const Path& file) const;
  /// Writes FOLDER/test/<class>/<number>.png, with the classes in FOLDER/classes.txt. Images must
  /// be multiples of 1/255. A class without a name, or whose name is none of a folder, is its
  /// number.
  void write_pictures(const Path& folder, const std::vector<std::string>& classes) const;

 private:
  std::span<double> pixels_of(std::int32_t image);
  std::uint64_t place_of(std::int32_t image);  // in the kept file

  DType dtype_;
  Shape shape_;
  std::vector<std::int32_t> labels_;
  Path kept_;
  std::vector<double> pixels_;  // N·H·W·3
};

}  // namespace robmask
