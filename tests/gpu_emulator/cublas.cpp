// cuBLAS in the emulator: the one product that is used, a thread an element of the result.

#include "engine/cuda/cublas.h"

#include "engine/bfloat16.h"

namespace robmask::cuda {

struct cublasContext {
  gpu::Stream stream = nullptr;
};

namespace {

using Handle = CublasLibrary::Handle;
bool broken = false;

/// c[i + j·pitch_c] = Σ_k a[i + k·pitch_a]·b[j + k·pitch_b] + beta·c
template <class T, class To>
struct Product {
  static constexpr int threads = 64;
  To* c;
  const T *a, *b;
  int m, n, k, pitch_a, pitch_b, pitch_c;
  To beta;

  GPU_DEVICE void operator()() const {
    const Index element = Index{gpu::block().x} * threads + gpu::thread();
    if (element >= Index{m} * n) return;
    const Index i = element % m, j = element / m;
    To sum = 0;
    for (Index row = 0; row < k; ++row)
      sum += static_cast<To>(a[i + row * pitch_a]) * static_cast<To>(b[j + row * pitch_b]);
    To& to = c[i + j * pitch_c];
    to = beta == To(0) ? sum : sum + beta * to;
  }
};

int gemm(Handle handle, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a,
         int type, int pitch_a, const void* b, int type_b, int pitch_b, const void* beta, void* c,
         int type_c, int pitch_c, int, int) {
  const bool wide = type_c == 1;
  const double factor =
      wide ? *static_cast<const double*>(alpha) : *static_cast<const float*>(alpha);
  constexpr int not_supported = 15;
  if (op_a != 0 || op_b != 1 || factor != 1 || type != type_b) return not_supported;
  const auto run = [&]<class T, class To>() {
    using Kernel = Product<T, To>;
    const Index elements = Index{m} * n;
    gpu::launch(handle->stream, (elements + Kernel::threads - 1) / Kernel::threads,
                Kernel{static_cast<To*>(c), static_cast<const T*>(a), static_cast<const T*>(b), m,
                       n, k, pitch_a, pitch_b, pitch_c, *static_cast<const To*>(beta)});
    return 0;
  };
  if (type == 1 && wide) return run.operator()<double, double>();
  if (type == 0 && type_c == 0) return run.operator()<float, float>();
  if (type == 14 && type_c == 0) return run.operator()<bf16, float>();
  return not_supported;
}

}  // namespace

const CublasLibrary* cublas_library() {
  static const CublasLibrary functions{
      .create =
          [](Handle* handle) {
            constexpr int not_initialized = 1;
            if (broken) return not_initialized;
            *handle = new cublasContext;
            return 0;
          },
      .destroy =
          [](Handle handle) {
            delete handle;
            return 0;
          },
      .version =
          [](Handle, int* number) {
            *number = 10000;
            return 0;
          },
      .set_stream =
          [](Handle handle, gpu::Stream stream) {
            handle->stream = stream;
            return 0;
          },
      .set_workspace = [](Handle, void*, std::size_t) { return 0; },
      .gemm = gemm};
  return &functions;
}

}  // namespace robmask::cuda

void robmask::gpu::emulated::break_cublas(bool yes) { cuda::broken = yes; }
