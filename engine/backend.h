#pragma once
// The machine's instruction set: memory verbs and the primitives every machine implements. Here are
// those that networks are made of, in engine/attack_steps.h those of attacks. The CPU (engine/cpu),
// CUDA and the naive reference (tests/reference_backend.h) are compared primitive by primitive.
//
// Conventions. Floating tensors of one call share one dtype, f32 or f64. Maps are N·H·W·C with any
// pitch; "per image" arguments have shape {N,1,1,C}, "shared" ones {1,1,1,C}. Outputs are written
// in full before they are read, so they may be uninitialized. Every result is deterministic, and a
// row of an output that depends on one image only has the same bits in any batch and at any
// position. Randomness is keyed by Stream (engine/random.h), never by order.
//
// bf16. CUDA also stores maps as bf16, in these primitives: copy, fill, scale, add, multiply, affine,
// relu, activate, expand, sum_to, place, transpose, convolution, mask, statistics and pooling, and
// their gradients. Then every map of a call is bf16, the weights of a convolution too, and all else
// is f32: statistics, γ and β, gradients of weights, codes. Where maps and f32 meet, either map of a
// call may be f32: affine (pixels → maps) and average_pool (maps → what a classifier reads). Sums
// and products are taken in f32 or f64 and rounded once, when they are stored. Images, logits,
// losses and the optimizer have no bf16.

#include <memory>
#include <span>
#include <string>

#include "engine/activation.h"
#include "engine/attack_steps.h"
#include "engine/lens.h"
#include "engine/link.h"
#include "engine/moments.h"
#include "engine/pool.h"
#include "engine/random.h"
#include "engine/replay.h"
#include "engine/tensor.h"

namespace robmask {

/// A square sliding window. Output size: (size + 2·pad − kernel) / stride + 1.
struct Window {
  Index kernel = 1, stride = 1, pad = 0, groups = 1;

  Index output(Index size) const { return (size + 2 * pad - kernel) / stride + 1; }
};

/// Where a gradient goes: the first writer of a backward pass replaces, later ones add.
struct Sink {
  Tensor to;
  bool add = false;
};

/// Statistics that follow those of batches: running ← (1 − momentum)·running + momentum·batch, with
/// the unbiased variance, so of more than one row; tracked += 1.
struct Running {
  Tensor mean, variance;  // {1,1,1,C}
  Tensor tracked;         // i64 {1,1,1,1}
  double momentum = 0.1;
};

/// What the mask of one segment is made of (docs/mask.md): γ = code·weight and β = code·bias,
/// blends of k masks; and either statistics that are given, a blend of pairs, or a batch x, from
/// its moments if conv2d has left some. Its statistics are mean and biased variance of each channel
/// over all rows; running ones follow them unless they are empty.
struct MaskSource {
  Tensor code, weight, bias;                        // {1 or N,1,1,k}; {k,1,1,C}
  Tensor pair_code = {}, mean = {}, variance = {};  // {1 or N,1,1,pairs}; {pairs,1,1,C}
  Tensor x = {};
  Moments moments = {};
  Running running = {};
  double eps = 1e-5;
};

/// One pass of the mask op over the images of one segment:
///   z = [relu]( x·scale + shift [+ residual] )
struct MaskPass {
  Tensor x;
  Lens lens;
  Tensor residual;  // may be empty
  bool relu = false;
};

/// A mask without its scale, which is in the weights of the convolution ahead: shift {1,1,1,C}; the
/// residual, of the map's shape, may be empty.
struct FoldedMask {
  Tensor shift, residual;
  bool relu = false;
};

/// The gradients of MaskPass that are wanted; an empty Sink or Tensor is skipped.
struct MaskGradients {
  Sink x, residual;
  /// Of the masks {k,1,1,C}: dw_j = Σ_n u_nj dγ_n and dw'_j = Σ_n u_nj dβ_n, where dγ_n and dβ_n are
  /// Σ over the pixels of an image of g·x̂ and of g = dz·[z > 0] (dz without ReLU).
  Sink weight = {}, bias = {};
  Tensor code = {};  // u, {1 or N,1,1,k}
};

/// One tensor of the optimizer's list; `working` is its bf16 copy or empty.
struct SgdSlot {
  Tensor value, gradient, momentum, working = {};
};

/// How a machine multiplies f32 numbers where it has a choice: as they are, or with 10 bits of each
/// factor (NVIDIA's TF32), summed in f32.
enum class Products { exact, tf32 };

class Backend : public AttackSteps {
 public:
  /// "cpu", "cuda:0", "reference"; and what runs inside it ("avx512"), recorded with results.
  virtual std::string name() const = 0;
  virtual std::string kernels() const = 0;

  // ---- memory -----------------------------------------------------------------------------------
  virtual std::byte* allocate(std::size_t bytes) = 0;
  virtual void release(std::byte* memory, std::size_t bytes) = 0;
  /// Whether an access beyond the end of what allocate() gave is noticed. Pools then keep tensors
  /// apart.
  virtual bool guards_memory() const { return false; }
  virtual void upload(std::byte* to, const void* host, std::size_t bytes) = 0;
  virtual void download(void* host, const std::byte* from, std::size_t bytes) = 0;
  /// The pool that new tensors are taken from: the machine's own, or what Replay puts in its place
  /// until it puts null there.
  std::shared_ptr<Pool> pool();
  void use_pool(std::shared_ptr<Pool> pool) { borrowed_pool_ = std::move(pool); }
  /// Bytes that all pools of this machine hold together, and those of tensors: now and at most so
  /// far.
  std::size_t held() const { return held_; }
  std::size_t peak_held() const { return peak_held_; }
  std::size_t peak_used() const { return peak_used_; }
  /// An empty recording, with which Replay repeats an iteration; null where there is none.
  virtual std::unique_ptr<Recording> make_recording() { return nullptr; }
  /// The way to the other processes' machines, which are of the same kind.
  virtual std::unique_ptr<Link> make_link(Processes& processes) {
    return std::make_unique<HostLink>(processes);
  }

  /// Same shape; any pitch; floating types are converted.
  virtual void copy(Tensor to, Tensor from) = 0;
  virtual void fill(Tensor to, double value) = 0;

  // ---- elementwise ------------------------------------------------------------------------------
  /// y = [y +] factor·x; y may be x.
  virtual void scale(Sink y, Tensor x, double factor) = 0;
  /// y = a + b; y may be a or b.
  virtual void add(Tensor y, Tensor a, Tensor b) = 0;
  /// y = [y +] a·b, element by element
  virtual void multiply(Sink y, Tensor a, Tensor b) = 0;
  /// y = [y +] x·scale + shift per channel; an empty scale is 1, an empty shift 0; y may be x.
  /// scale, shift: {1,1,1,C}
  virtual void affine(Sink y, Tensor x, Tensor scale, Tensor shift) = 0;
  /// The gradient of a shift b: db = [db +] Σ rows dy.
  virtual void bias_gradient(Sink db, Tensor dy) = 0;
  /// y = max(x, 0); dx = [dx +] dy·[y > 0], where dx may be dy
  virtual void relu(Tensor y, Tensor x) = 0;
  virtual void relu_gradient(Sink dx, Tensor dy, Tensor y) = 0;
  /// y = f(x); dx = [dx +] dy·f'(x)
  virtual void activate(Tensor y, Tensor x, const Activation& f) = 0;
  virtual void activate_gradient(Sink dx, Tensor dy, Tensor x, const Activation& f) = 0;

  // ---- broadcasting and layout ------------------------------------------------------------------
  /// y = [y +] x, repeated: every extent of x is that of y, or 1.
  virtual void expand(Sink y, Tensor x) = 0;
  /// The adjoint: y = [y +] factor·Σ x over the extents that are 1 in y, in a fixed order.
  virtual void sum_to(Sink y, Tensor x, double factor) = 0;
  /// y[n, i, j] = [y[n, i, j] +] x[n, i − top, j − left] where that is a pixel of x, else `outside`:
  /// pads and crops. Of y's images and channels; the gradient is placed at (−top, −left) in 0.
  virtual void place(Sink y, Tensor x, Index top, Index left, double outside) = 0;
  /// y[n, c, p] = [y[n, c, p] +] x[n, p, c]: y has a pixel for each channel of x, and the reverse.
  virtual void transpose(Sink y, Tensor x) = 0;

  // ---- convolution ------------------------------------------------------------------------------
  // x: N·H·W·Cin   w: {K, K, Cin/groups, Cout} as shape (n,h,w,c)   y: N·H'·W'·Cout
  // A linear layer is the same product with K = 1 on N·1·1·C.
  /// How conv2d and its gradients multiply from now on; exact at first.
  Products products() const { return products_; }
  void use_products(Products products) { products_ = products; }
  /// y = x ⋆ w; and the moments of y, if they are asked for and this machine can take them.
  virtual void conv2d(Tensor y, Tensor x, Tensor w, const Window& window,
                      Moments* moments = nullptr) = 0;
  /// z = [relu](x ⋆ w + shift [+ residual]), rounded once where it is done in one pass; w holds the
  /// scale of the mask. In several passes unless a machine knows better.
  virtual void conv2d_folded(Tensor z, Tensor x, Tensor w, const Window& window,
                             const FoldedMask& mask);
  /// Whether that pays for maps of this type, and may round weights times scales to it.
  virtual bool folds_masks(DType) const { return false; }
  /// dx = [dx +] w ⋆ᵀ dy; with a gate, a map of dx's shape, only where that is positive, else 0.
  virtual void conv2d_input_gradient(Sink dx, Tensor dy, Tensor w, const Window& window,
                                     Tensor gate = {}) = 0;
  virtual void conv2d_weight_gradient(Sink dw, Tensor dy, Tensor x, const Window& window) = 0;

  // ---- the mask ---------------------------------------------------------------------------------
  /// out = code · table, the low-rank mask of §4: γ = Σ_j u_j w_j.
  /// code: {R,1,1,k}, table: {k,1,1,C}, out: {R,1,1,C}; R is 1 or the number of images.
  virtual void blend(Tensor out, Tensor code, Tensor table) = 0;
  /// mean = μ, inverse = s = 1/√(σ² + eps), scale = γ·s, shift = β − μ·γ·s. Mean and inverse have
  /// as many rows as pair_code (one, if it is empty), scale and shift as the longer of both codes.
  virtual void make_lens(const Lens& lens, const MaskSource& from) = 0;
  virtual void mask(Tensor z, const MaskPass& pass) = 0;
  /// `z` is the forward result (needed with ReLU). With `batch_statistics`, mean and inverse were
  /// functions of x and dx goes through them (docs/mask.md); then gamma and beta sums are taken
  /// even if they are not asked for.
  virtual void mask_gradient(const MaskGradients& wanted, Tensor dz, Tensor z, const MaskPass& pass,
                             bool batch_statistics) = 0;

  // ---- pooling ----------------------------------------------------------------------------------
  /// Average over windows that tile the map without padding (PyTorch's avg_pool2d(kernel)).
  virtual void average_pool(Tensor y, Tensor x, const Window& window) = 0;
  virtual void average_pool_gradient(Sink dx, Tensor dy, const Window& window) = 0;
  /// Maximum; `argmax` (i32, y's shape) keeps the chosen pixel h·W + w, the first one on a tie.
  virtual void max_pool(Tensor y, Tensor argmax, Tensor x, const Window& window) = 0;
  virtual void max_pool_gradient(Sink dx, Tensor dy, Tensor argmax, const Window& window) = 0;

  // ---- softmax ----------------------------------------------------------------------------------
  /// y_c = e^x_c / Σ e^x over the channels of each row; dx_c = [dx_c +] y_c·(dy_c − Σ dy·y)
  virtual void softmax(Tensor y, Tensor x) = 0;
  virtual void softmax_gradient(Sink dx, Tensor dy, Tensor y) = 0;

  // ---- losses; logits: {N,1,1,classes}, labels: i32 {N,1,1,1}, losses: {N,1,1,1} ----------------
  virtual void cross_entropy(Tensor loss, Tensor logits, Tensor labels) = 0;
  virtual void cross_entropy_gradient(Sink dlogits, Tensor dloss, Tensor logits, Tensor labels) = 0;
  /// KL(p ‖ q) = Σ_c p_c (log p_c − log q_c) of two rows of logits; either sink may be empty.
  virtual void kl(Tensor loss, Tensor p_logits, Tensor q_logits) = 0;
  virtual void kl_gradient(Sink dp, Sink dq, Tensor dloss, Tensor p_logits, Tensor q_logits) = 0;
  /// hits {N,1,1,1} = 1 where argmax(logits) = label, else 0; ties go to the first class.
  virtual void correct(Tensor hits, Tensor logits, Tensor labels) = 0;
  /// y = [y +] factor · Σ x over all elements, in a fixed order.  y: {1,1,1,1} of x's dtype or f64
  virtual void sum(Sink y, Tensor x, double factor) = 0;
  /// dx = [dx +] factor · dy for every element.
  virtual void sum_gradient(Sink dx, Tensor dy, double factor) = 0;

  // ---- training ---------------------------------------------------------------------------------
  /// PyTorch's SGD: g += decay·w; v = momentum·v + g; w −= rate·v.  rate: {1,1,1,1}. A working copy
  /// follows its value.
  virtual void sgd_step(std::span<const SgdSlot> slots, Tensor rate, double momentum,
                        double decay) = 0;
  /// batch[n] = pixels[index[n]] / 255, padded by 4 with zeros, cropped at a random offset and
  /// flipped with probability ½ where `augment`; keyed by (stream with step, image = index[n]).
  /// pixels: u8 images of the batch's height, width and channels; index: i32 {N,1,1,1}.
  virtual void gather(Tensor batch, Tensor pixels, Tensor index, bool augment, Stream stream,
                      Tensor step) = 0;

 protected:
  /// Every machine's destructor, while pools can still give their memory back through it.
  void forget_pools();

 private:
  friend class Pool;  // counts what it holds

  std::shared_ptr<Pool> own_pool_, borrowed_pool_;
  Products products_ = Products::exact;
  std::size_t held_ = 0, peak_held_ = 0, used_ = 0, peak_used_ = 0;
};

/// The machine of that name ("cpu"; "cuda", "cuda:1" where built), made once and kept for the life
/// of the program. "cuda" is the GPU whose number is that of this process on its machine. Throws
/// InputError for an unknown name, Unavailable where there is none.
Backend& backend(const std::string& name);

}  // namespace robmask
