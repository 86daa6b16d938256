#pragma once
// cuBLAS, for plain products whose sums need not be the same in any batch. It is looked for when
// the program runs, so the binary starts where it is missing; our own kernels do its work there.

#include "engine/backend.h"
#include "engine/cuda/gpu.h"

namespace robmask::cuda {

/// The functions of cuBLAS that are used, as its C interface has them; its enumerations are ints.
struct CublasLibrary {
  using Handle = struct cublasContext*;

  int (*create)(Handle*);
  int (*destroy)(Handle);
  int (*version)(Handle, int*);  // 130100 is 13.1
  int (*set_stream)(Handle, gpu::Stream);
  int (*set_workspace)(Handle, void* memory, std::size_t bytes);
  /// c = alpha·op(a)·op(b) + beta·c, column by column: cublasGemmEx.
  int (*gemm)(Handle, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a,
              int type_a, int pitch_a, const void* b, int type_b, int pitch_b, const void* beta,
              void* c, int type_c, int pitch_c, int compute, int algorithm);
};

/// The library of this machine, opened once; nullptr where there is none. In cublas_library.cu, or
/// the emulator's.
const CublasLibrary* cublas_library();

class Cublas {
 public:
  /// With a workspace of its own from the machine: OutOfMemory if that has none.
  Cublas(Backend& machine, gpu::Stream stream);
  ~Cublas();
  Cublas(const Cublas&) = delete;
  Cublas& operator=(const Cublas&) = delete;

  /// No: there is none, or it does not start.
  bool exists() const { return handle_ != nullptr; }
  /// "cuBLAS 13.1" or "no cuBLAS".
  std::string name() const;
  struct Mode {
    Products factors = Products::exact;
    bool add = false;
  };
  /// product = [product +] aᵀ·b over all rows of a and b.  a: rows·M   b: rows·N   product: M·N,
  /// f32 or f64. RunError if cuBLAS fails.
  void multiply_rows(const Tensor& product, const Tensor& a, const Tensor& b,
                     const Mode& mode) const;

 private:
  bool start(gpu::Stream stream);
  void stop();

  const CublasLibrary* library_;
  CublasLibrary::Handle handle_ = nullptr;
  std::byte* workspace_ = nullptr;
};

}  // namespace robmask::cuda
