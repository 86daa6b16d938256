#pragma once
// The GPU: the same primitives as engine/cpu, one kernel file for each of its files. All work goes
// to one stream, in order; only upload, download and errors wait for it. Reductions run over a
// fixed number of pieces in a fixed order, so every run gives the same bits.

#include <map>
#include <optional>
#include <string>

#include "engine/backend.h"
#include "engine/cuda/cublas.h"
#include "engine/cuda/gpu.h"
#include "engine/cuda/nccl.h"

namespace robmask::cuda {

class CudaBackend final : public Backend {
 public:
  /// The GPU of that number. Unavailable if there is none, the driver is missing or too old, or
  /// this build has no kernels for it. OutOfMemory if not even cuBLAS fits.
  explicit CudaBackend(int device);
  ~CudaBackend() override;

  std::string name() const override;  // "cuda:0"
  // "sm_90, cuBLAS 13.1" or "emulated, no cuBLAS"
  std::string kernels() const override;
  gpu::Stream stream() const { return stream_; }
  std::unique_ptr<Link> make_link(Processes& processes) override;

  // memory.cu
  std::byte* allocate(std::size_t bytes) override;
  void release(std::byte* memory, std::size_t bytes) override;
  bool guards_memory() const override { return gpu::guards_memory(); }
  void upload(std::byte* to, const void* host, std::size_t bytes) override;
  void download(void* host, const std::byte* from, std::size_t bytes) override;
  void copy(Tensor to, Tensor from) override;
  void fill(Tensor to, double value) override;

  // replay.cu
  std::unique_ptr<Recording> make_recording() override;

  // elementwise.cu
  void scale(Sink y, Tensor x, double factor) override;
  void add(Tensor y, Tensor a, Tensor b) override;
  void multiply(Sink y, Tensor a, Tensor b) override;
  void affine(Sink y, Tensor x, Tensor scale, Tensor shift) override;
  void bias_gradient(Sink db, Tensor dy) override;
  void relu(Tensor y, Tensor x) override;
  void relu_gradient(Sink dx, Tensor dy, Tensor y) override;

  // activations.cu
  void activate(Tensor y, Tensor x, const Activation& f) override;
  void activate_gradient(Sink dx, Tensor dy, Tensor x, const Activation& f) override;

  // broadcasts.cu
  void expand(Sink y, Tensor x) override;
  void sum_to(Sink y, Tensor x, double factor) override;

  // layout.cu
  void place(Sink y, Tensor x, Index top, Index left, double outside) override;
  void transpose(Sink y, Tensor x) override;

  // conv2d.cu
  void conv2d(Tensor y, Tensor x, Tensor w, const Window& window, Moments* moments) override;
  void conv2d_folded(Tensor z, Tensor x, Tensor w, const Window& window,
                     const FoldedMask& mask) override;
  bool folds_masks(DType maps) const override;
  void conv2d_input_gradient(Sink dx, Tensor dy, Tensor w, const Window& window,
                             Tensor gate) override;
  void conv2d_weight_gradient(Sink dw, Tensor dy, Tensor x, const Window& window) override;

  // mask.cu
  void blend(Tensor out, Tensor code, Tensor table) override;
  void make_lens(const Lens& lens, const MaskSource& from) override;
  void mask(Tensor z, const MaskPass& pass) override;

  // mask_gradient.cu
  void mask_gradient(const MaskGradients& wanted, Tensor dz, Tensor z, const MaskPass& pass,
                     bool batch_statistics) override;

  // pooling.cu
  void average_pool(Tensor y, Tensor x, const Window& window) override;
  void average_pool_gradient(Sink dx, Tensor dy, const Window& window) override;
  void max_pool(Tensor y, Tensor argmax, Tensor x, const Window& window) override;
  void max_pool_gradient(Sink dx, Tensor dy, Tensor argmax, const Window& window) override;

  // softmax.cu
  void softmax(Tensor y, Tensor x) override;
  void softmax_gradient(Sink dx, Tensor dy, Tensor y) override;

  // losses.cu
  void cross_entropy(Tensor loss, Tensor logits, Tensor labels) override;
  void cross_entropy_gradient(Sink dlogits, Tensor dloss, Tensor logits, Tensor labels) override;
  void kl(Tensor loss, Tensor p_logits, Tensor q_logits) override;
  void kl_gradient(Sink dp, Sink dq, Tensor dloss, Tensor p_logits, Tensor q_logits) override;
  void correct(Tensor hits, Tensor logits, Tensor labels) override;

  // sums.cu
  void sum(Sink y, Tensor x, double factor) override;
  void sum_gradient(Sink dx, Tensor dy, double factor) override;

  // starts.cu
  void start_uniform(Tensor x_adv, Tensor x, Tensor eps, Norm norm, Stream stream, Tensor step,
                     Tensor ids) override;
  void start_normal(Tensor x_adv, Tensor x, double sigma, Stream stream, Tensor step,
                    Tensor ids) override;

  // attacks.cu
  void pgd_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor alpha, Tensor eps,
                Norm norm) override;
  void distance(Tensor distance, Tensor a, Tensor b, Norm norm) override;
  void approach(Tensor y, Tensor x, Tensor weight) override;
  void apgd_step(Tensor x_adv, Tensor previous, Tensor x, Tensor gradient, Tensor alpha, Tensor a,
                 Tensor eps, Norm norm) override;

  // fab.cu
  void fab_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor value, double eta, double alpha_max,
                Norm norm) override;

  // cw.cu
  void cw_step(Tensor x_adv, Tensor w, Tensor mean, Tensor square, Tensor x, Tensor gradient,
               Tensor alpha) override;

  // square.cu
  void square_step(Tensor x_new, Tensor best, Tensor x, const Squares& squares, Tensor eps,
                   Norm norm) override;

  // training.cu
  void sgd_step(std::span<const SgdSlot> slots, Tensor rate, double momentum,
                double decay) override;
  void gather(Tensor batch, Tensor pixels, Tensor index, bool augment, Stream stream,
              Tensor step) override;

 private:
  int device_;
  gpu::Stream stream_;
  // Started before anything else takes memory: whether it fits must not depend on when it is used.
  std::optional<Cublas> cublas_;
  std::shared_ptr<Nccl> nccl_;  // once there was a link
  // What sgd_step ever worked on, and where the device keeps it: apart from all pools, since graphs
  // read it for as long as they live.
  std::map<std::string, std::byte*> sgd_lists_;
};

}  // namespace robmask::cuda
