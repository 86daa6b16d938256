// Losses of rows of logits, in double until they are stored; a warp takes a row.

#include <cmath>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/reduce.h"
#include "engine/cuda/tile.h"
#include "engine/cuda/warp_rows.h"

namespace robmask::cuda {

namespace {

/// log Σ exp of a row, with the maximum taken out: log p_c = logits_c − this.
template <class T>
GPU_DEVICE double log_sum_exp(const T* logits, Index classes) {
  double top = logits[0], sum = 0;
  for (Index c = WarpRows::lane(); c < classes; c += gpu::warp_size)
    if (logits[c] > top) top = logits[c];
  top = warp_max(top);
  for (Index c = WarpRows::lane(); c < classes; c += gpu::warp_size)
    sum += std::exp(logits[c] - top);
  return top + std::log(warp_sum(sum));
}

/// A label that is no class makes the loss NaN, since the device cannot complain.
template <class T>
struct CrossEntropy {
  static constexpr int threads = WarpRows::threads;
  WarpRows walk;
  Rows<T> loss, logits;
  Rows<std::int32_t> labels;

  GPU_DEVICE void operator()() const {
    const Index n = walk.row();
    if (n >= walk.count) return;
    const double log_sum = log_sum_exp(logits(n), walk.classes);
    const std::int32_t label = *labels(n);
    const bool valid = label >= 0 && label < walk.classes;
    if (WarpRows::lane() == 0)
      *loss(n) = static_cast<T>(valid ? log_sum - logits(n)[label] : std::nan(""));
  }
};

/// dlogits_c = dloss·(p_c − [c = label])
template <class T>
struct CrossEntropyGradient {
  static constexpr int threads = WarpRows::threads;
  WarpRows walk;
  Rows<T> dlogits, dloss, logits;
  Rows<std::int32_t> labels;
  bool add;

  GPU_DEVICE void operator()() const {
    const Index n = walk.row();
    if (n >= walk.count) return;
    const double log_sum = log_sum_exp(logits(n), walk.classes);
    for (Index c = WarpRows::lane(); c < walk.classes; c += gpu::warp_size) {
      const double p = std::exp(logits(n)[c] - log_sum);
      put(dlogits(n)[c], *dloss(n) * (p - (c == *labels(n))), add);
    }
  }
};

/// KL(p ‖ q) of a row. of the logits: dp_c = dloss·p_c·((log p_c − log q_c) − KL),
/// dq_c = dloss·(q_c − p_c). All but the two logits may be missing.
template <class T>
struct Kl {
  static constexpr int threads = WarpRows::threads;
  WarpRows walk;
  Rows<T> loss = {}, dp = {}, dq = {};
  bool add_p = false, add_q = false;
  Rows<T> dloss = {}, p, q;

  GPU_DEVICE void operator()() const {
    const Index n = walk.row();
    if (n >= walk.count) return;
    const double sum_p = log_sum_exp(p(n), walk.classes), sum_q = log_sum_exp(q(n), walk.classes);
    double kl = 0;
    for (Index c = WarpRows::lane(); c < walk.classes; c += gpu::warp_size) {
      const double log_p = p(n)[c] - sum_p, log_q = q(n)[c] - sum_q;
      kl += std::exp(log_p) * (log_p - log_q);
    }
    kl = warp_sum(kl);
    if (loss.exists() && WarpRows::lane() == 0) *loss(n) = static_cast<T>(kl);
    if (!dloss.exists()) return;
    for (Index c = WarpRows::lane(); c < walk.classes; c += gpu::warp_size) {
      const double log_p = p(n)[c] - sum_p, log_q = q(n)[c] - sum_q, pc = std::exp(log_p);
      if (dp.exists()) put(dp(n)[c], *dloss(n) * pc * (log_p - log_q - kl), add_p);
      if (dq.exists()) put(dq(n)[c], *dloss(n) * (std::exp(log_q) - pc), add_q);
    }
  }
};

/// hits = 1 where the first of the largest logits is the label's, else 0.
template <class T>
struct Correct {
  static constexpr int threads = WarpRows::threads;
  WarpRows walk;
  Rows<T> hits, logits;
  Rows<std::int32_t> labels;

  GPU_DEVICE void operator()() const {
    const Index n = walk.row();
    if (n >= walk.count) return;
    T best = logits(n)[0];
    int at = 0;
    for (int c = WarpRows::lane(); c < walk.classes; c += gpu::warp_size)
      if (logits(n)[c] > best) {
        best = logits(n)[c];
        at = c;
      }
    for (int mask = gpu::warp_size / 2; mask > 0; mask /= 2) {
      const T other = gpu::shuffle_xor(best, mask);
      const int other_at = gpu::shuffle_xor(at, mask);
      if (other > best || (other == best && other_at < at)) {
        best = other;
        at = other_at;
      }
    }
    if (WarpRows::lane() == 0) *hits(n) = at == *labels(n) ? T(1) : T(0);
  }
};

}  // namespace

void CudaBackend::cross_entropy(Tensor loss, Tensor logits, Tensor labels) {
  dispatch(logits.dtype(), [&]<class T>() {
    walk_tiles(stream_, CrossEntropy<T>{WarpRows(logits.shape()), Rows<T>(loss), Rows<T>(logits),
                                        Rows<std::int32_t>(labels)});
  });
}

void CudaBackend::cross_entropy_gradient(Sink dlogits, Tensor dloss, Tensor logits, Tensor labels) {
  dispatch(logits.dtype(), [&]<class T>() {
    walk_tiles(stream_, CrossEntropyGradient<T>{.walk = WarpRows(logits.shape()),
                                                .dlogits = Rows<T>(dlogits.to),
                                                .dloss = Rows<T>(dloss),
                                                .logits = Rows<T>(logits),
                                                .labels = Rows<std::int32_t>(labels),
                                                .add = dlogits.add});
  });
}

void CudaBackend::kl(Tensor loss, Tensor p_logits, Tensor q_logits) {
  dispatch(p_logits.dtype(), [&]<class T>() {
    walk_tiles(stream_, Kl<T>{.walk = WarpRows(p_logits.shape()),
                              .loss = Rows<T>(loss),
                              .p = Rows<T>(p_logits),
                              .q = Rows<T>(q_logits)});
  });
}

void CudaBackend::kl_gradient(Sink dp, Sink dq, Tensor dloss, Tensor p_logits, Tensor q_logits) {
  dispatch(p_logits.dtype(), [&]<class T>() {
    walk_tiles(stream_, Kl<T>{.walk = WarpRows(p_logits.shape()),
                              .dp = Rows<T>(dp.to),
                              .dq = Rows<T>(dq.to),
                              .add_p = dp.add,
                              .add_q = dq.add,
                              .dloss = Rows<T>(dloss),
                              .p = Rows<T>(p_logits),
                              .q = Rows<T>(q_logits)});
  });
}

void CudaBackend::correct(Tensor hits, Tensor logits, Tensor labels) {
  dispatch(logits.dtype(), [&]<class T>() {
    walk_tiles(stream_, Correct<T>{WarpRows(logits.shape()), Rows<T>(hits), Rows<T>(logits),
                                   Rows<std::int32_t>(labels)});
  });
}

}  // namespace robmask::cuda
