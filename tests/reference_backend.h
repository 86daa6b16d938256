#pragma once
// The definitions of all primitives of engine/backend.h and engine/attack_steps.h, as naive loops
// in double on the host's memory. Every machine is compared with it. It reads like the formulas, so
// it is slow and short.

#include "engine/backend.h"

namespace robmask {

class ReferenceBackend : public Backend {
 public:
  ~ReferenceBackend() override { forget_pools(); }

  std::string name() const override { return "reference"; }
  std::string kernels() const override { return "definitions"; }

  // reference/memory.cpp
  std::byte* allocate(std::size_t bytes) override;
  void release(std::byte* memory, std::size_t bytes) override;
  void upload(std::byte* to, const void* host, std::size_t bytes) override;
  void download(void* host, const std::byte* from, std::size_t bytes) override;
  void copy(Tensor to, Tensor from) override;
  void fill(Tensor to, double value) override;

  // reference/elementwise.cpp
  void scale(Sink y, Tensor x, double factor) override;
  void add(Tensor y, Tensor a, Tensor b) override;
  void multiply(Sink y, Tensor a, Tensor b) override;
  void affine(Sink y, Tensor x, Tensor scale, Tensor shift) override;
  void bias_gradient(Sink db, Tensor dy) override;
  void relu(Tensor y, Tensor x) override;
  void relu_gradient(Sink dx, Tensor dy, Tensor y) override;

  // reference/activations.cpp
  void activate(Tensor y, Tensor x, const Activation& f) override;
  void activate_gradient(Sink dx, Tensor dy, Tensor x, const Activation& f) override;

  // reference/broadcasts.cpp
  void expand(Sink y, Tensor x) override;
  void sum_to(Sink y, Tensor x, double factor) override;

  // reference/layout.cpp
  void place(Sink y, Tensor x, Index top, Index left, double outside) override;
  void transpose(Sink y, Tensor x) override;

  // reference/conv2d.cpp
  void conv2d(Tensor y, Tensor x, Tensor w, const Window& window, Moments* moments) override;
  void conv2d_folded(Tensor z, Tensor x, Tensor w, const Window& window,
                     const FoldedMask& mask) override;
  void conv2d_input_gradient(Sink dx, Tensor dy, Tensor w, const Window& window,
                             Tensor gate) override;
  void conv2d_weight_gradient(Sink dw, Tensor dy, Tensor x, const Window& window) override;

  // reference/mask.cpp
  void blend(Tensor out, Tensor code, Tensor table) override;
  void make_lens(const Lens& lens, const MaskSource& from) override;
  void mask(Tensor z, const MaskPass& pass) override;
  void mask_gradient(const MaskGradients& wanted, Tensor dz, Tensor z, const MaskPass& pass,
                     bool batch_statistics) override;

  // reference/pooling.cpp
  void average_pool(Tensor y, Tensor x, const Window& window) override;
  void average_pool_gradient(Sink dx, Tensor dy, const Window& window) override;
  void max_pool(Tensor y, Tensor argmax, Tensor x, const Window& window) override;
  void max_pool_gradient(Sink dx, Tensor dy, Tensor argmax, const Window& window) override;

  // reference/softmax.cpp
  void softmax(Tensor y, Tensor x) override;
  void softmax_gradient(Sink dx, Tensor dy, Tensor y) override;

  // reference/losses.cpp
  void cross_entropy(Tensor loss, Tensor logits, Tensor labels) override;
  void cross_entropy_gradient(Sink dlogits, Tensor dloss, Tensor logits, Tensor labels) override;
  void kl(Tensor loss, Tensor p_logits, Tensor q_logits) override;
  void kl_gradient(Sink dp, Sink dq, Tensor dloss, Tensor p_logits, Tensor q_logits) override;
  void sum(Sink y, Tensor x, double factor) override;
  void sum_gradient(Sink dx, Tensor dy, double factor) override;
  void correct(Tensor hits, Tensor logits, Tensor labels) override;

  // reference/attacks.cpp
  void start_uniform(Tensor x_adv, Tensor x, Tensor eps, Norm norm, Stream stream, Tensor step,
                     Tensor ids) override;
  void start_normal(Tensor x_adv, Tensor x, double sigma, Stream stream, Tensor step,
                    Tensor ids) override;
  void pgd_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor alpha, Tensor eps,
                Norm norm) override;
  void distance(Tensor distance, Tensor a, Tensor b, Norm norm) override;
  void approach(Tensor y, Tensor x, Tensor weight) override;
  void apgd_step(Tensor x_adv, Tensor previous, Tensor x, Tensor gradient, Tensor alpha, Tensor a,
                 Tensor eps, Norm norm) override;

  // reference/fab.cpp
  void fab_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor value, double eta, double alpha_max,
                Norm norm) override;

  // reference/cw.cpp
  void cw_step(Tensor x_adv, Tensor w, Tensor mean, Tensor square, Tensor x, Tensor gradient,
               Tensor alpha) override;

  // reference/square.cpp
  void square_step(Tensor x_new, Tensor best, Tensor x, const Squares& squares, Tensor eps,
                   Norm norm) override;

  // reference/training.cpp
  void sgd_step(std::span<const SgdSlot> slots, Tensor rate, double momentum,
                double decay) override;
  void gather(Tensor batch, Tensor pixels, Tensor index, bool augment, Stream stream,
              Tensor step) override;
};

}  // namespace robmask
