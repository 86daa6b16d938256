#include "engine/backend.h"

#include <charconv>
#include <map>
#include <mutex>

namespace robmask {

std::unique_ptr<Backend> make_cpu_backend();             // engine/cpu.cpp
std::unique_ptr<Backend> make_cuda_backend(int device);  // engine/cuda/cuda_backend.cu
int gpu_of(int local_process);                           // the same

namespace {

/// "cuda" is the GPU that belongs to this process among those of its machine.
std::string numbered(const std::string& name) {
  if (name != "cuda") return name;
#if defined(ROBMASK_CUDA)
  return fmt::format("cuda:{}", gpu_of(processes().local_rank()));
#else
  return "cuda:0";
#endif
}

/// The machine of that name, made anew. The Makefile says whether this build has CUDA.
std::unique_ptr<Backend> make_backend(const std::string& name) {
  if (name == "cpu") return make_cpu_backend();
  int device = -1;
  if (name.starts_with("cuda:")) {
    const char *number = name.data() + 5, *end = name.data() + name.size();
    if (std::from_chars(number, end, device).ptr != end) device = -1;
  }
  require(device >= 0, "unknown device \"{}\": expected cpu, cuda or cuda:N", name);
#if defined(ROBMASK_CUDA)
  return make_cuda_backend(device);
#else
  throw Unavailable(
      fmt::format("device {}: this build has no CUDA backend; use `device` cpu", name));
#endif
}

}  // namespace

void Backend::conv2d_folded(Tensor z, Tensor x, Tensor w, const Window& window,
                            const FoldedMask& mask) {
  conv2d(z, x, w, window);
  affine({z}, z, {}, mask.shift);
  if (mask.residual) add(z, z, mask.residual);
  if (mask.relu) relu(z, z);
}

Backend& backend(const std::string& asked) {
  const std::string name = numbered(asked);
  static std::mutex guard;
  // Never destroyed: when the program ends, CUDA and cuBLAS may be gone before their machine.
  static auto& machines = *new std::map<std::string, std::unique_ptr<Backend>>;
  const std::lock_guard lock(guard);
  auto& machine = machines[name];
  if (!machine) machine = make_backend(name);
  return *machine;
}

}  // namespace robmask
