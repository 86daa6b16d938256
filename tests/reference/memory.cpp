#include <cstring>
#include <new>

#include "tests/reference/view.h"

namespace robmask {

namespace {

constexpr std::align_val_t alignment{64};

template <class F>
void dispatch_any(DType t, F&& f) {
  switch (t) {
    case DType::u8: return f.template operator()<std::uint8_t>();
    case DType::i32: return f.template operator()<std::int32_t>();
    case DType::i64: return f.template operator()<std::int64_t>();
    default: return dispatch_map(t, f);
  }
}

}  // namespace

std::byte* ReferenceBackend::allocate(std::size_t bytes) {
  return static_cast<std::byte*>(::operator new(bytes, alignment));
}

void ReferenceBackend::release(std::byte* memory, std::size_t) {
  ::operator delete(memory, alignment);
}

void ReferenceBackend::upload(std::byte* to, const void* host, std::size_t bytes) {
  std::memcpy(to, host, bytes);
}

void ReferenceBackend::download(void* host, const std::byte* from, std::size_t bytes) {
  std::memcpy(host, from, bytes);
}

void ReferenceBackend::copy(Tensor to, Tensor from) {
  dispatch_any(to.dtype(), [&]<class To>() {
    dispatch_any(from.dtype(), [&]<class From>() {
      const View<To> y(to);
      const View<From> x(from);
      for_each(to.shape(), [&](auto... at) { y(at...) = static_cast<To>(x(at...)); });
    });
  });
}

void ReferenceBackend::fill(Tensor to, double value) {
  dispatch_any(to.dtype(), [&]<class T>() {
    const View<T> y(to);
    for_each(to.shape(), [&](auto... at) { y(at...) = static_cast<T>(value); });
  });
}

}  // namespace robmask
