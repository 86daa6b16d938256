#include "engine/cuda/cuda_backend.h"

#include "engine/cuda/techniques.h"

namespace robmask {

namespace cuda {

CudaBackend::CudaBackend(int device) : device_(device) {
  const int count = gpu::device_count();
  if (device >= count)
    throw Unavailable(
        fmt::format("there is no GPU cuda:{}: the last one is cuda:{}", device, count - 1));
  uses(Technique::folded_masks);  // says so now if ROBMASK_WITHOUT is wrong
  gpu::use_device(device);
  stream_ = gpu::make_stream();
  cublas_.emplace(*this, stream_);
}

CudaBackend::~CudaBackend() {
  for (const auto& [list, memory] : sgd_lists_) gpu::release(memory);
  forget_pools();
  nccl_.reset();
  cublas_.reset();
  gpu::destroy_stream(stream_);
}

std::string CudaBackend::name() const { return fmt::format("cuda:{}", device_); }
std::string CudaBackend::kernels() const {
  return fmt::format("{}, {}", gpu::architecture(device_), cublas_->name());
}

std::unique_ptr<Link> CudaBackend::make_link(Processes& processes) {
  if (processes.count() == 1) return Backend::make_link(processes);
  if (!nccl_) nccl_ = std::make_shared<Nccl>(processes, device_, stream_);
  return std::make_unique<NcclLink>(nccl_);
}

}  // namespace cuda

int gpu_of(int local_process) { return local_process % gpu::device_count(); }

std::unique_ptr<Backend> make_cuda_backend(int device) {
  return std::make_unique<cuda::CudaBackend>(device);
}

}  // namespace robmask
