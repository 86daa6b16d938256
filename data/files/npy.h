#pragma once
// NumPy's .npy files: "\x93NUMPY", a version, a Python dict of dtype, order and shape, then the
// elements (numpy/lib/format.py describes them).

#include <span>
#include <vector>

#include "data/files/atomic_file.h"
#include "data/files/host_tensor.h"

namespace robmask {

/// Reads versions 1 to 3, C order, little-endian numbers (boolean, integers, f2, f4, f8, c8). Sizes
/// are checked before memory is taken; any defect is an InputError that names the file.
HostTensor read_npy(const Path& path);

/// Writes version 1 atomically.
void write_npy(const Path& path, const HostTensor& array);

/// Writes an array bigger than memory piece by piece.
class NpyWriter {
 public:
  /// std::logic_error if NumPy has no such type (BF16, F8, …).
  NpyWriter(const Path& path, ElementType type, const std::vector<Index>& shape);
  /// The next elements in C order, as bytes.
  void write(std::span<const std::byte> elements);
  /// All elements must have been written; the file appears now.
  void commit();

 private:
  AtomicFile file_;
  std::uint64_t missing_;  // bytes still to come
};

}  // namespace robmask
