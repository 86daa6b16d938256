// Memory of the host.

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

// Large blocks lie on huge pages: fewer page faults and misses of the address cache.
std::byte* CpuBackend::allocate(std::size_t bytes) {
  constexpr std::size_t line = 64, huge_page = 2 << 20;
  const bool large = bytes >= huge_page;
  void* memory = nullptr;
  if (posix_memalign(&memory, large ? huge_page : line, bytes) != 0)
    throw RunError(fmt::format(
        "out of memory: {} MiB more were asked for; try a smaller batch size", bytes >> 20));
#ifdef MADV_HUGEPAGE
  if (large) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return static_cast<std::byte*>(memory);
}

void CpuBackend::release(std::byte* memory, std::size_t) { std::free(memory); }

bool CpuBackend::guards_memory() const {
#ifdef __SANITIZE_ADDRESS__
  return true;
#else
  return false;
#endif
}

void CpuBackend::upload(std::byte* to, const void* host, std::size_t bytes) {
  std::memcpy(to, host, bytes);
}

void CpuBackend::download(void* host, const std::byte* from, std::size_t bytes) {
  std::memcpy(host, from, bytes);
}

namespace {

template <class To, class From>
void convert(const Tensor& to, const Tensor& from) {
  each_row(
      to.shape(),
      [](Index width, To* y, const From* x) {
#pragma omp simd
        for (Index i = 0; i < width; ++i) y[i] = static_cast<To>(x[i]);
      },
      Rows<To>(to), Rows<From>(from));
}

/// dispatch() over every type that the CPU stores.
template <class F>
void dispatch_any(DType t, F&& f) {
  switch (t) {
    case DType::u8: return f.template operator()<std::uint8_t>();
    case DType::i32: return f.template operator()<std::int32_t>();
    case DType::i64: return f.template operator()<std::int64_t>();
    default: return dispatch(t, f);
  }
}

}  // namespace

void CpuBackend::copy(Tensor to, Tensor from) {
  if (to.dtype() == from.dtype()) {
    dispatch_any(to.dtype(), [&]<class T>() { convert<T, T>(to, from); });
  } else {
    dispatch(to.dtype(), [&]<class To>() {
      dispatch(from.dtype(), [&]<class From>() { convert<To, From>(to, from); });
    });
  }
}

void CpuBackend::fill(Tensor to, double value) {
  dispatch_any(to.dtype(), [&]<class T>() {
    each_row(
        to.shape(), [v = static_cast<T>(value)](Index width, T* y) { std::fill_n(y, width, v); },
        Rows<T>(to));
  });
}

}  // namespace robmask::ROBMASK_ISA
