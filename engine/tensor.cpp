#include "engine/tensor.h"

#include "engine/backend.h"

namespace robmask {

Block::Block(Backend& from, std::size_t size) : bytes(size), machine(&from), pool(from.pool()) {
  data = pool->take(bytes);
}

Block::~Block() { pool->give(data); }

Tensor::Tensor(Backend& machine, const Shape& shape, DType dtype)
    : block_(std::make_shared<Block>(machine, shape.count() * size_of(dtype))),
      data_(block_->data),
      shape_(shape),
      pitch_(shape.c),
      dtype_(dtype) {}

Tensor Tensor::images(Index first, Index count) const {
  expect(first >= 0 && count >= 0 && first + count <= shape_.n, "images {}..{} of {}", first,
         first + count, to_string(shape_));
  Tensor view = *this;
  view.data_ += first * shape_.pixels() * pitch_ * size_of(dtype_);
  view.shape_.n = count;
  return view;
}

Tensor Tensor::channels(Index first, Index count) const {
  expect(first >= 0 && count >= 0 && first + count <= shape_.c, "channels {}..{} of {}", first,
         first + count, to_string(shape_));
  Tensor view = *this;
  view.data_ += first * size_of(dtype_);
  view.shape_.c = count;
  return view;
}

Tensor Tensor::reshaped(const Shape& shape) const {
  expect(contiguous() && shape.count() == shape_.count(), "reshape of {} (pitch {}) to {}",
         to_string(shape_), pitch_, to_string(shape));
  Tensor view = *this;
  view.shape_ = shape;
  view.pitch_ = shape.c;
  return view;
}

template <class T>
std::vector<T> Tensor::to_host() const {
  expect(dtype_of<T>() == dtype_, "a {} tensor copied to the host as {}", name_of(dtype_),
         name_of(dtype_of<T>()));
  std::vector<T> values(shape_.count());
  if (contiguous()) {
    machine().download(values.data(), data_, values.size() * sizeof(T));
  } else {
    for (Index row = 0; row < shape_.rows(); ++row)
      machine().download(values.data() + row * shape_.c, data_ + row * pitch_ * sizeof(T),
                         shape_.c * sizeof(T));
  }
  return values;
}

template <class T>
void Tensor::from_host(const std::vector<T>& values) const {
  expect(dtype_of<T>() == dtype_ && static_cast<Index>(values.size()) == shape_.count(),
         "{} values of {} for a {} tensor of {}", values.size(), name_of(dtype_of<T>()),
         name_of(dtype_), to_string(shape_));
  if (contiguous()) {
    machine().upload(data_, values.data(), values.size() * sizeof(T));
  } else {
    for (Index row = 0; row < shape_.rows(); ++row)
      machine().upload(data_ + row * pitch_ * sizeof(T), values.data() + row * shape_.c,
                       shape_.c * sizeof(T));
  }
}

std::vector<double> Tensor::to_doubles() const {
  return dispatch_map(dtype_, [&]<class T>() {
    const std::vector<T> host = to_host<T>();
    return std::vector<double>(host.begin(), host.end());
  });
}

Tensor make_tensor(Backend& machine, const Shape& shape, DType dtype,
                   const std::vector<double>& values) {
  return dispatch_map(dtype, [&]<class T>() {
    return make_tensor(machine, shape, std::vector<T>(values.begin(), values.end()));
  });
}

double Tensor::item() const {
  const Tensor first = images(0, 1);
  switch (dtype_) {
    case DType::i32: return first.to_host<std::int32_t>()[0];
    case DType::i64: return static_cast<double>(first.to_host<std::int64_t>()[0]);
    default:
      return dispatch_map(dtype_, [&]<class T>() -> double { return first.to_host<T>()[0]; });
  }
}

#define ROBMASK_HOST_COPIES(T)                     \
  template std::vector<T> Tensor::to_host() const; \
  template void Tensor::from_host(const std::vector<T>&) const;
ROBMASK_HOST_COPIES(float)
ROBMASK_HOST_COPIES(double)
ROBMASK_HOST_COPIES(bf16)
ROBMASK_HOST_COPIES(std::uint8_t)
ROBMASK_HOST_COPIES(std::int32_t)
ROBMASK_HOST_COPIES(std::int64_t)
#undef ROBMASK_HOST_COPIES

}  // namespace robmask
