// probe: facts that only a device knows, and that our kernels are planned by, in some seconds.
//
//   nodes      µs a node of a CUDA graph whose nodes depend on each other, with and without
//              programmatic dependent launch (PDL): what a kernel costs beside its work
//   copies     TB/s of cp.async from L2 to shared memory, around L1 (.cg) and through it (.ca),
//              where each tile is read once, and where the nine taps of a 3×3 window read it again
//   products   TFLOP/s of mma.sync on operands in registers: the ceiling of kernels that use it
//   passes     µs of a pass over a map, each thread storing 16 bytes at once, or four times 4
//   wgmma      is B read rightly from shared memory without swizzle, begun some lines further?
//              Then a tap of a convolution is an address, and its tile is copied once for all nine
//
// Ends with 1 if something failed or was computed wrongly, 77 on devices other than 9.0, else 0.

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

bool wrong = false;

void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  std::printf("%s: %s\n", what, cudaGetErrorString(status));
  std::_Exit(1);  // lines are out, see main
}

/// The stream, and memory in which each measurement has the places that it names.
struct Device {
  static constexpr size_t megabyte = size_t{1} << 20, size = 256 * megabyte;

  cudaDeviceProp properties{};
  cudaStream_t stream{};
  char* memory{};

  Device() {
    check(cudaGetDeviceProperties(&properties, 0), "the device");
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "its stream");
    check(cudaMalloc(&memory, size), "its memory");
    check(cudaMemset(memory, 0, size), "clearing its memory");
    check(cudaDeviceSynchronize(), "clearing its memory");
  }
  unsigned multiprocessors() const { return properties.multiProcessorCount; }
  void wait() const { check(cudaStreamSynchronize(stream), "a kernel"); }
};

/// Seconds of one of `count` calls that start work, after one that warms up.
template <class Start>
double seconds(const Device& device, int count, Start start) {
  cudaEvent_t begin, end;
  check(cudaEventCreate(&begin), "an event");
  check(cudaEventCreate(&end), "an event");
  start();
  check(cudaGetLastError(), "a launch");
  device.wait();
  check(cudaEventRecord(begin, device.stream), "an event");
  for (int i = 0; i < count; ++i) start();
  check(cudaEventRecord(end, device.stream), "an event");
  device.wait();
  float milliseconds;
  check(cudaEventElapsedTime(&milliseconds, begin, end), "an event");
  return milliseconds / 1e3 / count;
}

// ---- nodes --------------------------------------------------------------------------------------

constexpr int node_threads = 128;

template <bool pdl>
__global__ void add_one(float* x) {
  if (pdl) {
    asm volatile("griddepcontrol.launch_dependents;");
    asm volatile("griddepcontrol.wait;" ::: "memory");
  }
  x[blockIdx.x * blockDim.x + threadIdx.x] += 1;
}

template <bool pdl>
cudaGraphExec_t chain(const Device& device, unsigned blocks, int count) {
  cudaLaunchAttribute overlap{};
  overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  overlap.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t launch{};
  launch.gridDim = blocks;
  launch.blockDim = node_threads;
  launch.stream = device.stream;
  launch.attrs = &overlap;
  launch.numAttrs = pdl ? 1 : 0;

  cudaGraph_t graph;
  cudaGraphExec_t executable;
  check(cudaStreamBeginCapture(device.stream, cudaStreamCaptureModeRelaxed), "a capture");
  for (int i = 0; i < count; ++i)
    check(cudaLaunchKernelEx(&launch, add_one<pdl>, reinterpret_cast<float*>(device.memory)),
          "a node");
  check(cudaStreamEndCapture(device.stream, &graph), "a capture");
  check(cudaGraphInstantiate(&executable, graph, 0), "a graph");
  return executable;
}

template <bool pdl>
void nodes(const Device& device, unsigned blocks) {
  constexpr int count = 1000, repeats = 10;
  const size_t bytes = blocks * node_threads * sizeof(float);
  const cudaGraphExec_t graph = chain<pdl>(device, blocks, count);
  check(cudaMemsetAsync(device.memory, 0, bytes, device.stream), "clearing");
  const double time =
      seconds(device, repeats, [&] { check(cudaGraphLaunch(graph, device.stream), "a graph"); });
  std::vector<float> sums(blocks * node_threads);
  check(cudaMemcpy(sums.data(), device.memory, bytes, cudaMemcpyDeviceToHost), "reading");
  int bad = 0;
  for (const float sum : sums) bad += sum != (repeats + 1) * count;
  std::printf("graph node, %4u blocks%s: %.2f us%s\n", blocks, pdl ? ", PDL" : "     ",
              1e6 * time / count, bad > 0 ? ", WRONG SUMS" : "");
  wrong |= bad > 0;
}

// ---- copies -------------------------------------------------------------------------------------

// Three stages of 256 lines of 64 bytes. A line is half a pixel of 64 channels in bf16, and a tap's
// lines begin one pixel behind those of the tap before it.
constexpr int stage_bytes = 256 * 64, stages = 3, copies_threads = 128, pixel_bytes = 128;

template <bool through_l1>
__device__ void copy_16_bytes(unsigned to, const char* from) {
  if (through_l1)
    asm volatile("cp.async.ca.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
  else
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}

template <bool through_l1>
__global__ void __launch_bounds__(copies_threads)
    copy_tiles(const char* from, int steps, int taps) {
  extern __shared__ __align__(16) char shared[];
  const auto to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  constexpr size_t apart = 40960, all = 32 * Device::megabyte;  // of blocks; together within L2
  const char* tile = from + blockIdx.x * apart % all;
  for (int step = 0; step < steps; ++step) {
    const char* start = tile + step % taps * pixel_bytes + step / taps % 2 * 64;
    for (int i = threadIdx.x; i < stage_bytes / 16; i += copies_threads)
      copy_16_bytes<through_l1>(to + step % stages * stage_bytes + i * 16,
                                start + i / 4 * pixel_bytes + i % 4 * 16);
    asm volatile("cp.async.commit_group;\n cp.async.wait_group 2;" ::: "memory");
    __syncthreads();
  }
}

template <bool through_l1>
void copies(const Device& device, int taps) {
  constexpr int steps = 1800, bytes = stages * stage_bytes;
  const unsigned blocks = 2 * device.multiprocessors();
  check(cudaFuncSetAttribute(copy_tiles<through_l1>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             bytes),
        "shared memory");
  const double time = seconds(device, 5, [&] {
    copy_tiles<through_l1>
        <<<blocks, copies_threads, bytes, device.stream>>>(device.memory, steps, taps);
  });
  std::printf("copies to shared memory, %d tap%s, %s: %.2f TB/s\n", taps, taps > 1 ? "s" : " ",
              through_l1 ? ".ca" : ".cg", 1e-12 * blocks * steps * stage_bytes / time);
}

// ---- products -----------------------------------------------------------------------------------

constexpr int chains = 32;  // products that do not wait for each other

__global__ void __launch_bounds__(128) multiply(float* out, int steps) {
  float d[chains][4] = {};
  const unsigned a[4] = {threadIdx.x, 1, 2, 3}, b[2] = {5, 7};
  for (int step = 0; step < steps; ++step)
#pragma unroll
    for (auto& sums : d)
      asm volatile(
          "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
          "{%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
          : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  float total = 0;
  for (const auto& sums : d) total += sums[0] + sums[1] + sums[2] + sums[3];
  if (total == 12345) *out = total;  // so that nothing is left out as unused
}

void products(const Device& device, unsigned blocks_each) {
  constexpr int steps = 2000;
  const unsigned blocks = blocks_each * device.multiprocessors();
  const double time = seconds(device, 5, [&] {
    multiply<<<blocks, 128, 0, device.stream>>>(reinterpret_cast<float*>(device.memory), steps);
  });
  std::printf("mma.sync m16n8k16, %u warps a multiprocessor: %.0f TFLOP/s\n", 4 * blocks_each,
              1e-12 * blocks * 4 * steps * chains * (2 * 16 * 8 * 16) / time);
}

// ---- passes -------------------------------------------------------------------------------------

constexpr int pass_threads = 64, pass_pixels = 4;  // of a thread, 16 bytes each

template <bool at_once>
__global__ void __launch_bounds__(pass_threads) invert(uint4* y, const uint4* x) {
  const size_t first = size_t{blockIdx.x} * pass_threads * pass_pixels + threadIdx.x;
  for (int i = 0; i < pass_pixels; ++i) {
    const size_t at = first + i * pass_threads;
    const uint4 v{~x[at].x, ~x[at].y, ~x[at].z, ~x[at].w};
    if (at_once) {
      asm volatile("st.global.v4.b32 [%0], {%1,%2,%3,%4};" ::"l"(y + at), "r"(v.x), "r"(v.y),
                   "r"(v.z), "r"(v.w)
                   : "memory");
    } else {
      auto* words = reinterpret_cast<volatile unsigned*>(y + at);  // volatile: not joined to one
      words[0] = v.x, words[1] = v.y, words[2] = v.z, words[3] = v.w;
    }
  }
}

template <bool at_once>
void passes(const Device& device, unsigned megabytes) {
  auto* x = reinterpret_cast<const uint4*>(device.memory);
  auto* y = reinterpret_cast<uint4*>(device.memory + Device::size / 2);
  const auto blocks =
      static_cast<unsigned>(megabytes * Device::megabyte / (pass_threads * pass_pixels * 16));
  const double time = seconds(
      device, 20, [&] { invert<at_once><<<blocks, pass_threads, 0, device.stream>>>(y, x); });
  std::printf("pass over a map of %u MiB, %s: %.1f us\n", megabytes,
              at_once ? "one store of 16 bytes" : "four stores of 4", 1e6 * time);
}

// ---- wgmma --------------------------------------------------------------------------------------

// An odd number of lines, as a halo has: the halves of the depth are no multiple of 128 bytes apart.
constexpr int rows = 64, columns = 64, depth = 16, b_lines = 145;

/// Of a matrix in shared memory without swizzle: bytes between its halves of the depth, and between
/// groups of eight of its lines of 16 bytes.
__device__ __forceinline__ uint64_t descriptor(unsigned address, unsigned between_halves,
                                               unsigned between_groups) {
  return uint64_t{(address & 0x3ffff) >> 4} | uint64_t{between_halves >> 4} << 16 |
         uint64_t{between_groups >> 4} << 32;
}

// Column j is line shift + j / 8 · pitch + j % 8 of b: eight lines one behind the other, the next
// eight `pitch` lines on.
// a: rows depth    b: b_lines depth    out = a · (those lines of b)ᵀ: rows columns
__global__ void __launch_bounds__(128)
    shifted_product(float* out, const __nv_bfloat16* a, const __nv_bfloat16* b, int shift,
                    int pitch) {
  __shared__ __align__(128) __nv_bfloat16 shared_a[2][rows][8], shared_b[2][b_lines][8];
  for (int i = threadIdx.x; i < rows * depth; i += 128)
    shared_a[i % depth / 8][i / depth][i % 8] = a[i];
  for (int i = threadIdx.x; i < b_lines * depth; i += 128)
    shared_b[i % depth / 8][i / depth][i % 8] = b[i];
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  __syncthreads();
  const auto a_start = static_cast<unsigned>(__cvta_generic_to_shared(shared_a));
  const auto b_start = static_cast<unsigned>(__cvta_generic_to_shared(shared_b)) + shift * 16;
  const uint64_t of_a = descriptor(a_start, sizeof shared_a[0], 8 * 16);
  const uint64_t of_b = descriptor(b_start, sizeof shared_b[0], pitch * 16);
  float d[32] = {};
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
  asm volatile(
      "{ .reg .pred adds; setp.ne.b32 adds, 1, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
      "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,"
      "%24,%25,%26,%27,%28,%29,%30,%31}, %32, %33, adds, 1, 1, 0, 0; }"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]),
        "+f"(d[7]), "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]),
        "+f"(d[14]), "+f"(d[15]), "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]),
        "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]),
        "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31])
      : "l"(of_a), "l"(of_b));
  asm volatile("wgmma.commit_group.sync.aligned;\n wgmma.wait_group.sync.aligned 0;" ::: "memory");
  const int warp = threadIdx.x / 32, group = threadIdx.x % 32 / 4, pair = threadIdx.x % 4;
  for (int block = 0; block < columns / 8; ++block)
    for (int i = 0; i < 4; ++i)
      out[(warp * 16 + group + i / 2 * 8) * columns + block * 8 + pair * 2 + i % 2] =
          d[block * 4 + i];
}

/// Small integers, whose products and sums are exact.
std::vector<__nv_bfloat16> integers(int count, int factor, int range) {
  std::vector<__nv_bfloat16> numbers(count);
  for (int i = 0; i < count; ++i)
    numbers[i] = __float2bfloat16(static_cast<float>(i * factor % range - range / 2));
  return numbers;
}

void shifted_products(const Device& device) {
  const auto a = integers(rows * depth, 37, 17), b = integers(b_lines * depth, 29, 13);
  auto* on_a = reinterpret_cast<__nv_bfloat16*>(device.memory);
  auto *on_b = on_a + a.size(), *behind = on_b + b.size();
  auto* out = reinterpret_cast<float*>(behind);
  check(cudaMemcpy(on_a, a.data(), 2 * a.size(), cudaMemcpyHostToDevice), "writing");
  check(cudaMemcpy(on_b, b.data(), 2 * b.size(), cudaMemcpyHostToDevice), "writing");
  std::vector<float> d(rows * columns);
  const auto try_lines = [&](int shift, int pitch) {
    check(cudaMemset(out, 0xff, 4 * d.size()), "clearing");
    check(cudaDeviceSynchronize(), "clearing");
    shifted_product<<<1, 128, 0, device.stream>>>(out, on_a, on_b, shift, pitch);
    check(cudaGetLastError(), "a launch");
    device.wait();
    check(cudaMemcpy(d.data(), out, 4 * d.size(), cudaMemcpyDeviceToHost), "reading");
    int bad = 0;
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j) {
        float sum = 0;
        for (int k = 0; k < depth; ++k)
          sum += __bfloat162float(a[i * depth + k]) *
                 __bfloat162float(b[(shift + j / 8 * pitch + j % 8) * depth + k]);
        bad += d[i * columns + j] != sum;
      }
    std::printf(
        "wgmma m64n64k16, B begun %d lines further, by eights %d lines apart: %d of %d wrong\n",
        shift, pitch, bad, rows * columns);
    wrong |= bad > 0;
  };
  for (const int pitch : {8, 18})  // one behind the other; in rows of a halo
    for (const int shift : {0, 8, 1, 3}) try_lines(shift, pitch);
}

}  // namespace

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // what was found is said, should the next one hang
  const Device device;
  if (device.properties.major != 9 || device.properties.minor != 0) {
    std::printf("probe: built for compute capability 9.0\n");
    return 77;
  }
  std::printf("%s, %u multiprocessors, L2 of %d MB\n", device.properties.name,
              device.multiprocessors(), device.properties.l2CacheSize >> 20);
  for (const unsigned blocks : {1, 132, 1056}) {
    nodes<false>(device, blocks);
    nodes<true>(device, blocks);
  }
  for (const int taps : {1, 9}) {
    copies<false>(device, taps);
    copies<true>(device, taps);
  }
  for (const unsigned blocks : {1, 2}) products(device, blocks);
  for (const unsigned megabytes : {16, 64}) {
    passes<false>(device, megabytes);
    passes<true>(device, megabytes);
  }
  shifted_products(device);
  return wrong ? 1 : 0;
}
