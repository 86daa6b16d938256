// Memory of the device.

#include "engine/cuda/elements.h"
#include "engine/cuda/tile.h"

namespace robmask::cuda {

namespace {

template <class To, class From>
struct Convert {
  Rows<To> y;
  Rows<From> x;
  GPU_DEVICE void operator()(Index r, Index c) const { y(0, r)[c] = static_cast<To>(x(0, r)[c]); }
};

template <class T, int V>
struct Fill {
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  Rows<T> y;
  Pack<Real<T>, V> values;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    const Index end = walk.end();
    for (Index p = walk.first(); p < end; p += Walk::rows)
      store<V>(y(0, p) + walk.channel(), values);
  }
};

template <class To, class From>
void convert(gpu::Stream stream, const Tensor& to, const Tensor& from) {
  const Rows<To> y(to);
  const Rows<From> x(from);
  each_element(stream, flat(to.shape(), y, x), Convert<To, From>{y, x});
}

/// Every type that the device stores.
template <class F>
void dispatch_any(DType t, F&& f) {
  switch (t) {
    case DType::u8: return f.template operator()<std::uint8_t>();
    case DType::i32: return f.template operator()<std::int32_t>();
    case DType::i64: return f.template operator()<std::int64_t>();
    default: return dispatch_map(t, f);
  }
}

std::string mebibytes(std::size_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

}  // namespace

std::byte* CudaBackend::allocate(std::size_t bytes) {
  std::byte* memory = gpu::allocate(bytes);
  if (memory == nullptr)
    throw OutOfMemory(fmt::format(
        "out of memory on the GPU: {} were asked for, {} are free, {} held by this program",
        mebibytes(bytes), mebibytes(gpu::free_memory()), mebibytes(held())));
  return memory;
}

void CudaBackend::release(std::byte* memory, std::size_t) { gpu::release(memory); }

void CudaBackend::upload(std::byte* to, const void* host, std::size_t bytes) {
  gpu::refuse_in_capture(stream_, "an upload");
  gpu::copy_to_device(stream_, to, host, bytes);
}

void CudaBackend::download(void* host, const std::byte* from, std::size_t bytes) {
  gpu::refuse_in_capture(stream_, "a download");
  if (nccl_) nccl_->settle();  // what is read may come from a process that is gone
  gpu::copy_to_host(stream_, host, from, bytes);
}

void CudaBackend::copy(Tensor to, Tensor from) {
  if (to.dtype() == from.dtype()) {
    dispatch_any(to.dtype(), [&]<class T>() { convert<T, T>(stream_, to, from); });
  } else {
    dispatch_map(to.dtype(), [&]<class To>() {
      dispatch_map(from.dtype(), [&]<class From>() { convert<To, From>(stream_, to, from); });
    });
  }
}

void CudaBackend::fill(Tensor to, double value) {
  widen({&to});
  dispatch_any(to.dtype(), [&]<class T>() {
    with_packs<T>({to}, [&]<int V>() {
      Pack<Real<T>, V> values;
      for (auto& v : values.at) v = static_cast<Real<T>>(value);
      walk_tiles(stream_, Fill<T, V>{Tiles<V, 4>(one_image(to.shape())), Rows<T>(to), values});
    });
  });
}

}  // namespace robmask::cuda
