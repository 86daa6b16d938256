#include "engine/cuda/cublas.h"

namespace robmask::cuda {

namespace {

// As cublas_api.h and library_types.h number them.
constexpr int plain = 0, transposed = 1, algorithm_of_its_choice = -1;
constexpr int compute_f32 = 68, compute_f64 = 70, compute_tf32 = 77;
// What cuBLAS would take for itself on Hopper; a captured iteration must not let it.
constexpr std::size_t workspace_bytes = std::size_t{32} << 20;

int type_number(DType t) {
  switch (t) {
    case DType::f32: return 0;
    case DType::f64: return 1;
    case DType::bf16: return 14;
    default: break;
  }
  expect(false, "cuBLAS multiplies no {}", name_of(t));
  return -1;
}

}  // namespace

Cublas::Cublas(Backend& machine, gpu::Stream stream) : library_(cublas_library()) {
  if (library_ == nullptr) return;
  workspace_ = machine.allocate(workspace_bytes);
  if (!start(stream)) stop();
}

Cublas::~Cublas() { stop(); }

bool Cublas::start(gpu::Stream stream) {
  return library_->create(&handle_) == 0 && library_->set_stream(handle_, stream) == 0 &&
         library_->set_workspace(handle_, workspace_, workspace_bytes) == 0;
}

void Cublas::stop() {
  if (handle_ != nullptr) library_->destroy(std::exchange(handle_, nullptr));
  if (workspace_ != nullptr) gpu::release(std::exchange(workspace_, nullptr));
}

std::string Cublas::name() const {
  int number = 0;
  if (!exists() || library_->version(handle_, &number) != 0) return "no cuBLAS";
  return fmt::format("cuBLAS {}.{}", number / 10000, number % 10000 / 100);
}

void Cublas::multiply_rows(const Tensor& product, const Tensor& a, const Tensor& b,
                           const Mode& mode) const {
  // a: rows·M   b: rows·N   product: M·N
  // What lies row by row is its own transpose column by column: productᵀ = bᵀ·a, N × M.
  const auto number = [](Index i) { return static_cast<int>(i); };
  const auto run = [&]<class Real>(Real one, Real keep, int compute) {
    const int status = library_->gemm(
        handle_, plain, transposed, number(b.shape().c), number(a.shape().c),
        number(a.shape().rows()), &one, b.bytes(), type_number(b.dtype()), number(b.pitch()),
        a.bytes(), type_number(a.dtype()), number(a.pitch()), &keep, product.bytes(),
        type_number(product.dtype()), number(product.pitch()), compute, algorithm_of_its_choice);
    if (status != 0) throw RunError(fmt::format("a product of cuBLAS failed: status {}", status));
  };
  if (product.dtype() == DType::f64) return run(1.0, mode.add ? 1.0 : 0.0, compute_f64);
  const bool rounded = a.dtype() == DType::f32 && mode.factors == Products::tf32;
  run(1.0F, mode.add ? 1.0F : 0.0F, rounded ? compute_tf32 : compute_f32);
}

}  // namespace robmask::cuda
