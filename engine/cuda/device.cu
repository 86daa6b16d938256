// The host's side of gpu.h on a real device: CUDA's runtime. The emulator has its own.

#include <cstdlib>
#include <string_view>

#include "engine/cuda/gpu.h"

namespace robmask::gpu {

namespace {

/// CUDA's words for an error; the next call would otherwise report it again.
std::string words_for(cudaError_t status) {
  cudaGetLastError();
  return fmt::format("{} ({})", cudaGetErrorString(status), cudaGetErrorName(status));
}

/// Whether the call that reports it is to blame: it asks for what cannot be done.
bool is_of_the_call(cudaError_t status) {
  switch (status) {
    case cudaErrorInvalidValue:
    case cudaErrorInvalidConfiguration:
    case cudaErrorInvalidDevice:
    case cudaErrorInvalidDeviceFunction:
    case cudaErrorInvalidResourceHandle:
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorLaunchOutOfResources:
    case cudaErrorNotSupported: return true;
    default:
      return status >= cudaErrorStreamCaptureUnsupported &&
             status <= cudaErrorStreamCaptureWrongThread;
  }
}

/// CUDA's number of a version, 13020, in words.
std::string version(int number) { return fmt::format("{}.{}", number / 1000, number % 1000 / 10); }

__global__ void any_kernel() {}

/// Why this build's kernels do not run on a GPU, and what to do.
std::string without_kernels(int device) {
  constexpr int built[] = {__CUDA_ARCH_LIST__};  // sm_90 is 900
  std::string here;
  for (const int number : built)
    here += fmt::format("{}sm_{}", here.empty() ? "" : ", ", number / 10);
  const std::string name = architecture(device);
  return fmt::format("cuda:{} is {}, this build has kernels for {}: {}use --device cpu", device,
                     name, here,
                     name < "sm_80" && name.size() == 5
                         ? "they need sm_80 or newer; "
                         : fmt::format("build with CUDA_ARCH={} or ", name.substr(3)));
}

}  // namespace

void check(cudaError_t status, const std::string& what) {
  if (status == cudaSuccess) return;
  const std::string words = words_for(status);
  if (status == cudaErrorMemoryAllocation)
    throw OutOfMemory(fmt::format("{} failed on the GPU: {}", what, words));
  if (is_of_the_call(status)) throw RunError(fmt::format("{} failed on the GPU: {}", what, words));
  throw_failure(words);
}

int device_count() {
  int driver = 0, count = 0;
  // Without a driver the runtime only says that the driver is too old.
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0)
    throw Unavailable("no NVIDIA driver is installed here; use --device cpu");
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) return count;
  if (status == cudaErrorInsufficientDriver)
    throw Unavailable(fmt::format(
        "the NVIDIA driver here is for CUDA {}, this build for {}: update it or use --device cpu",
        version(driver), version(CUDART_VERSION)));
  throw Unavailable(fmt::format("no usable GPU: {}; use --device cpu",
                                status == cudaSuccess ? "none found" : cudaGetErrorString(status)));
}

void use_device(int device) {
  cudaError_t status = cudaSetDevice(device);
  cudaFuncAttributes attributes;
  if (status == cudaSuccess) status = cudaFuncGetAttributes(&attributes, any_kernel);
  if (status == cudaSuccess) return;
  const std::string words = words_for(status);
  const bool foreign = status == cudaErrorNoKernelImageForDevice ||
                       status == cudaErrorInvalidDeviceFunction ||
                       status == cudaErrorUnsupportedPtxVersion;
  throw Unavailable(
      foreign ? without_kernels(device)
              : fmt::format("cuda:{} cannot be used: {}; use --device cpu", device, words));
}

int current_device() {
  int device = 0;
  check(cudaGetDevice(&device), "a query");
  return device;
}

std::string architecture(int device) {
  int major = 0, minor = 0;
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "a query");
  check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device), "a query");
  return fmt::format("sm_{}{}", major, minor);
}

std::string place_of(int device) {
  char place[32] = {};
  check(cudaDeviceGetPCIBusId(place, sizeof place, device), "a query");
  return place;
}

Stream make_stream() {
  Stream stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
  return stream;
}

void destroy_stream(Stream stream) { cudaStreamDestroy(stream); }

void synchronize(Stream stream) {
  refuse_in_capture(stream, "waiting for the GPU");
  check(cudaStreamSynchronize(stream), "waiting for the GPU");
}

bool idle(Stream stream) {
  refuse_in_capture(stream, "waiting for the GPU");
  const cudaError_t status = cudaStreamQuery(stream);
  if (status == cudaErrorNotReady) {
    cudaGetLastError();
    return false;
  }
  check(status, "waiting for the GPU");
  return true;
}

Event make_event() {
  Event event = nullptr;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "making an event");
  return event;
}

void destroy_event(Event event) { cudaEventDestroy(event); }
void mark(Stream stream, Event event) { check(cudaEventRecord(event, stream), "an event"); }
void wait_for(Stream stream, Event event) {
  check(cudaStreamWaitEvent(stream, event, 0), "an event");
}

// Relaxed: what is recorded may need more memory than the first run did.
void begin_capture(Stream stream) {
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), "a recording");
}

bool is_capturing(Stream stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  check(cudaStreamIsCapturing(stream, &status), "a query");
  return status != cudaStreamCaptureStatusNone;
}

Graph end_capture(Stream stream) {
  cudaGraph_t recorded = nullptr;
  check(cudaStreamEndCapture(stream, &recorded), "a recording");
  Graph graph = nullptr;
  const cudaError_t status = cudaGraphInstantiate(&graph, recorded, 0);
  cudaGraphDestroy(recorded);
  check(status, "preparing a graph");
  return graph;
}

void abandon_capture(Stream stream) {
  cudaGraph_t recorded = nullptr;
  if (cudaStreamEndCapture(stream, &recorded) == cudaSuccess) cudaGraphDestroy(recorded);
  cudaGetLastError();
}

void launch(Stream stream, Graph graph) {
  check(cudaGraphLaunch(graph, stream), "launching a graph");
  started_graph();
}

void destroy_graph(Graph graph) { cudaGraphExecDestroy(graph); }

std::byte* allocate(std::size_t bytes) {
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, bytes);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    return nullptr;
  }
  check(status, "an allocation");
  return static_cast<std::byte*>(memory);
}

// cudaFree waits for the device. What it has to say comes up at the next synchronization; and when
// the program ends, the driver may be gone before the last block is given back.
void release(std::byte* memory) { cudaFree(memory); }

bool guards_memory() {
  const char* value = std::getenv("ROBMASK_GUARD");
  return value != nullptr && std::string_view(value) == "1";
}

std::size_t free_memory() {
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "a query");
  return free;
}

void copy_to_host(Stream stream, void* host, const std::byte* from, std::size_t bytes) {
  check(cudaMemcpyAsync(host, from, bytes, cudaMemcpyDeviceToHost, stream), "a copy to the host");
  synchronize(stream);
}

}  // namespace robmask::gpu
