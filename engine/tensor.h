#pragma once
// A tensor: a shared block of a machine's memory, seen as rows × channels with a pitch.

#include <memory>
#include <vector>

#include "engine/shape.h"

namespace robmask {

class Backend;
class Pool;

/// Memory taken from a pool; goes back to it when the last tensor that sees it is gone.
struct Block {
  std::byte* data;
  std::size_t bytes;
  Backend* machine;
  std::shared_ptr<Pool> pool;

  Block(Backend& from, std::size_t size);
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
};

/// N·H·W rows of C channels; `pitch` elements lie between one pixel and the next (pitch ≥ C), so a
/// range of channels is a view, and so is a range of images. Copying a Tensor copies the handle.
class Tensor {
 public:
  Tensor() = default;
  /// Fresh, uninitialized memory, with pitch = C.
  Tensor(Backend& machine, const Shape& shape, DType dtype);

  explicit operator bool() const { return block_ != nullptr; }
  const Shape& shape() const { return shape_; }
  Index pitch() const { return pitch_; }
  DType dtype() const { return dtype_; }
  Backend& machine() const { return *block_->machine; }
  bool contiguous() const { return pitch_ == shape_.c; }

  std::byte* bytes() const { return data_; }
  /// The first element; `T` must be the tensor's own type.
  template <class T>
  T* data() const {
    expect(dtype_of<T>() == dtype_, "a {} tensor read as {}", name_of(dtype_),
           name_of(dtype_of<T>()));
    return reinterpret_cast<T*>(data_);
  }

  /// Views of the same memory.
  Tensor images(Index first, Index count) const;
  Tensor channels(Index first, Index count) const;
  /// Another shape over the same elements; needs a contiguous tensor.
  Tensor reshaped(const Shape& shape) const;

  /// Copies to the host as a packed vector (waits for the machine), and back.
  template <class T>
  std::vector<T> to_host() const;
  template <class T>
  void from_host(const std::vector<T>& values) const;
  /// All elements of a floating tensor on the host, as doubles.
  std::vector<double> to_doubles() const;
  /// Element 0 as a double: for losses and counters.
  double item() const;

 private:
  std::shared_ptr<Block> block_;
  std::byte* data_ = nullptr;
  Shape shape_;
  Index pitch_ = 0;
  DType dtype_ = DType::f32;
};

/// A tensor of `shape` on `machine` filled from `values`.
template <class T>
Tensor make_tensor(Backend& machine, const Shape& shape, const std::vector<T>& values) {
  Tensor t(machine, shape, dtype_of<T>());
  t.from_host(values);
  return t;
}

/// The same for a floating tensor, each value rounded to its type.
Tensor make_tensor(Backend& machine, const Shape& shape, DType dtype,
                   const std::vector<double>& values);

}  // namespace robmask
