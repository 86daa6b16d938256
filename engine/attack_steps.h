#pragma once
// The steps that attacks are made of (attacks/), which every machine implements for a whole batch
// at once; engine/backend.h says how tensors are passed. Images are in [0,1], and so is what a step
// makes of them: clip(·) is to [0,1], and P(·) projects to the ball of radius ε = eps around x,
// then clips. Each image has its own eps and alpha, {N,1,1,1}, or all share one, {1,1,1,1}.

#include "engine/random.h"
#include "engine/tensor.h"

namespace robmask {

enum class Norm { linf, l2 };

/// What Square tries next on each image: a window of side × side pixels, and where it is.
struct Squares {
  Tensor place;    // i32 {N,1,1,5}: side, row, column; and for L2 row and column of a second window
  Tensor sign;     // {N,1,1,C}: ±1 of each channel
  Tensor pattern;  // L2: {N,S,S,1}, the bump η in the first side × side of it; empty for L∞
};

class AttackSteps {
 public:
  virtual ~AttackSteps() = default;

  // ---- starts; ids: i32 {N,1,1,1} ---------------------------------------------------------------
  /// A start uniform in the ball around x (L∞: each pixel; L2: direction and radius), clipped. Each
  /// image's id takes the place of `stream.image`; `step` (i64 {1,1,1,1}), if given, that of
  /// `stream.step`.
  virtual void start_uniform(Tensor x_adv, Tensor x, Tensor eps, Norm norm, Stream stream,
                             Tensor step, Tensor ids) = 0;
  /// x_adv = clip(x + sigma·normal): the start of TRADES.
  virtual void start_normal(Tensor x_adv, Tensor x, double sigma, Stream stream, Tensor step,
                            Tensor ids) = 0;

  // ---- PGD --------------------------------------------------------------------------------------
  /// A step in place, x_adv = P(x_adv + α·direction(g)). The direction is sign(g) in L∞, with
  /// sign(0) = 0, and g/‖g‖₂ in L2, 0 for a zero gradient.
  virtual void pgd_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor alpha, Tensor eps,
                        Norm norm) = 0;

  // ---- APGD -------------------------------------------------------------------------------------
  /// A step with momentum (Croce & Hein 2020, §3.1) in place, directions as in pgd_step:
  ///   z = P(y + α·direction(g)),  x_adv = P(y + a·(z − y) + (1 − a)·(y − previous)),  previous = y
  /// where y is x_adv as it was.  a: {1 or N,1,1,1}
  virtual void apgd_step(Tensor x_adv, Tensor previous, Tensor x, Tensor gradient, Tensor alpha,
                         Tensor a, Tensor eps, Norm norm) = 0;

  // ---- FAB --------------------------------------------------------------------------------------
  /// A step (Croce & Hein 2019) in place. With d(t) the shortest step from t, in the norm and in
  /// [0,1], to the plane where f's linearization at x_adv, value + ⟨gradient, · − x_adv⟩, vanishes
  /// (as far as it gets, if no point of the cube is on it):
  ///   x_adv = clip( (1 − α)·(x_adv + η·d(x_adv)) + α·(x + η·d(x)) ),
  ///   α = min( ‖d(x_adv)‖ / (‖d(x_adv)‖ + ‖d(x)‖), alpha_max )          value: {N,1,1,1}
  virtual void fab_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor value, double eta,
                        double alpha_max, Norm norm) = 0;

  // ---- C&W --------------------------------------------------------------------------------------
  /// A step of the L2 attack of Carlini & Wagner (2017) in place: Adam on w, where `gradient` is
  /// that of the loss without its term ‖x_adv − x‖²:
  ///   g = (gradient + 2·(x_adv − x))·2·x_adv·(1 − x_adv)
  ///   mean = 0.9·mean + 0.1·g,  square = 0.999·square + 0.001·g²
  ///   w −= alpha·mean/(√square + 1e-8),  x_adv = (1 + tanh w)/2
  virtual void cw_step(Tensor x_adv, Tensor w, Tensor mean, Tensor square, Tensor x,
                       Tensor gradient, Tensor alpha) = 0;

  // ---- Square -----------------------------------------------------------------------------------
  /// A proposal (Andriushchenko et al. 2020). L∞: P(best + 2ε·sign) inside the window, `best`
  /// elsewhere. L2: the perturbation δ inside the window becomes one along δ/‖δ‖ + sign·η of each
  /// channel, with the norm it had there and in the second window, which is emptied, and what is
  /// missing to ε; then x_new = clip(x + ε·δ/‖δ‖).
  virtual void square_step(Tensor x_new, Tensor best, Tensor x, const Squares& squares, Tensor eps,
                           Norm norm) = 0;

  // ---- what attacks measure and keep ------------------------------------------------------------
  /// distance {N,1,1,1} = ‖a − b‖ of each image.
  virtual void distance(Tensor distance, Tensor a, Tensor b, Norm norm) = 0;
  /// y += weight·(x − y) of each image; a weight of 0 keeps y's bits, 1 gives x's: whoever did best
  /// so far is kept, image by image.  weight: {N,1,1,1}
  virtual void approach(Tensor y, Tensor x, Tensor weight) = 0;
};

}  // namespace robmask
