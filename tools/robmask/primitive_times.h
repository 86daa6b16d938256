#pragma once
// Where the time of a workload goes: each primitive and, of convolutions and masks, each shape.

#include <chrono>
#include <map>

#include "engine/backend.h"

namespace robmask {

/// A machine that has another one do all its work, and takes the time of it. Calls must be over when
/// they return, as on the CPU.
class PrimitiveTimes final : public Backend {
 public:
  explicit PrimitiveTimes(Backend& machine) : machine_(machine) {}
  ~PrimitiveTimes() override { forget_pools(); }

  struct Time {
    Index calls = 0;
    double seconds = 0, products = 0;  // multiply-adds of the definition, of convolutions
  };
  /// By name and, where it counts, shape: "conv2d 3x3 64 > 64 on 32x32".
  const std::map<std::string, Time>& times() const { return times_; }
  /// Forgets what was measured so far.
  void reset() { times_.clear(); }

  std::string name() const override { return machine_.name(); }
  std::string kernels() const override { return machine_.kernels(); }

  std::byte* allocate(std::size_t bytes) override { return machine_.allocate(bytes); }
  void release(std::byte* memory, std::size_t bytes) override { machine_.release(memory, bytes); }
  void upload(std::byte* to, const void* host, std::size_t bytes) override;
  void download(void* host, const std::byte* from, std::size_t bytes) override;
  void copy(Tensor to, Tensor from) override;
  void fill(Tensor to, double value) override;

  void scale(Sink y, Tensor x, double factor) override;
  void add(Tensor y, Tensor a, Tensor b) override;
  void multiply(Sink y, Tensor a, Tensor b) override;
  void affine(Sink y, Tensor x, Tensor scale, Tensor shift) override;
  void bias_gradient(Sink db, Tensor dy) override;
  void relu(Tensor y, Tensor x) override;
  void relu_gradient(Sink dx, Tensor dy, Tensor y) override;
  void activate(Tensor y, Tensor x, const Activation& f) override;
  void activate_gradient(Sink dx, Tensor dy, Tensor x, const Activation& f) override;

  void expand(Sink y, Tensor x) override;
  void sum_to(Sink y, Tensor x, double factor) override;
  void place(Sink y, Tensor x, Index top, Index left, double outside) override;
  void transpose(Sink y, Tensor x) override;
  void softmax(Tensor y, Tensor x) override;
  void softmax_gradient(Sink dx, Tensor dy, Tensor y) override;

  void conv2d(Tensor y, Tensor x, Tensor w, const Window& window, Moments* moments) override;
  void conv2d_folded(Tensor z, Tensor x, Tensor w, const Window& window,
                     const FoldedMask& mask) override;
  bool folds_masks(DType maps) const override { return machine_.folds_masks(maps); }
  void conv2d_input_gradient(Sink dx, Tensor dy, Tensor w, const Window& window,
                             Tensor gate) override;
  void conv2d_weight_gradient(Sink dw, Tensor dy, Tensor x, const Window& window) override;

  void blend(Tensor out, Tensor code, Tensor table) override;
  void make_lens(const Lens& lens, const MaskSource& from) override;
  void mask(Tensor z, const MaskPass& pass) override;
  void mask_gradient(const MaskGradients& wanted, Tensor dz, Tensor z, const MaskPass& pass,
                     bool batch_statistics) override;

  void average_pool(Tensor y, Tensor x, const Window& window) override;
  void average_pool_gradient(Sink dx, Tensor dy, const Window& window) override;
  void max_pool(Tensor y, Tensor argmax, Tensor x, const Window& window) override;
  void max_pool_gradient(Sink dx, Tensor dy, Tensor argmax, const Window& window) override;

  void cross_entropy(Tensor loss, Tensor logits, Tensor labels) override;
  void cross_entropy_gradient(Sink dlogits, Tensor dloss, Tensor logits, Tensor labels) override;
  void kl(Tensor loss, Tensor p_logits, Tensor q_logits) override;
  void kl_gradient(Sink dp, Sink dq, Tensor dloss, Tensor p_logits, Tensor q_logits) override;
  void correct(Tensor hits, Tensor logits, Tensor labels) override;
  void sum(Sink y, Tensor x, double factor) override;
  void sum_gradient(Sink dx, Tensor dy, double factor) override;

  void sgd_step(std::span<const SgdSlot> slots, Tensor rate, double momentum,
                double decay) override;
  void gather(Tensor batch, Tensor pixels, Tensor index, bool augment, Stream stream,
              Tensor step) override;

  void start_uniform(Tensor x_adv, Tensor x, Tensor eps, Norm norm, Stream stream, Tensor step,
                     Tensor ids) override;
  void start_normal(Tensor x_adv, Tensor x, double sigma, Stream stream, Tensor step,
                    Tensor ids) override;
  void pgd_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor alpha, Tensor eps,
                Norm norm) override;
  void apgd_step(Tensor x_adv, Tensor previous, Tensor x, Tensor gradient, Tensor alpha, Tensor a,
                 Tensor eps, Norm norm) override;
  void fab_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor value, double eta, double alpha_max,
                Norm norm) override;
  void cw_step(Tensor x_adv, Tensor w, Tensor mean, Tensor square, Tensor x, Tensor gradient,
               Tensor alpha) override;
  void square_step(Tensor x_new, Tensor best, Tensor x, const Squares& squares, Tensor eps,
                   Norm norm) override;
  void distance(Tensor distance, Tensor a, Tensor b, Norm norm) override;
  void approach(Tensor y, Tensor x, Tensor weight) override;

 private:
  /// Does `work`, whose time goes under that name.
  template <class F>
  void timed(const std::string& what, const F& work, double products = 0);
  /// The same for one of the sums of a convolution; y and x are the shapes of output and input.
  template <class F>
  void timed(const std::string& what, const Shape& y, const Shape& x, const Window& window,
             const F& work);

  Backend& machine_;
  std::map<std::string, Time> times_;
};

}  // namespace robmask
