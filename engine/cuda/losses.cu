// Losses of rows of logits, in double until they are stored; a warp takes a row. And sums over
// everything, in pieces of a fixed size.

#include <cmath>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/reduce.h"
#include "engine/cuda/tile.h"

namespace robmask::cuda {

namespace {

/// Which row is the calling warp's.
struct WarpRows {
  static constexpr int threads = 128, rows = threads / gpu::warp_size;
  Index count, classes;

  explicit WarpRows(const Shape& logits) : count(logits.n), classes(logits.c) {}
  gpu::Blocks blocks() const { return ceil_div(count, rows); }
  GPU_DEVICE Index row() const {
    return Index{gpu::block().x} * rows + gpu::thread() / gpu::warp_size;
  }
  GPU_DEVICE static int lane() { return gpu::thread() % gpu::warp_size; }
};

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

template <class T>
GPU_DEVICE void put(T& to, double value, bool add) {
  to = static_cast<T>(add ? to + value : value);
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
  Rows<T> loss, dp, dq;
  bool add_p, add_q;
  Rows<T> dloss, p, q;

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
    walk_tiles(stream_, CrossEntropyGradient<T>{WarpRows(logits.shape()), Rows<T>(dlogits.to),
                                                Rows<T>(dloss), Rows<T>(logits),
                                                Rows<std::int32_t>(labels), dlogits.add});
  });
}

void CudaBackend::kl(Tensor loss, Tensor p_logits, Tensor q_logits) {
  dispatch(p_logits.dtype(), [&]<class T>() {
    walk_tiles(stream_, Kl<T>{WarpRows(p_logits.shape()),
                              Rows<T>(loss),
                              {},
                              {},
                              false,
                              false,
                              {},
                              Rows<T>(p_logits),
                              Rows<T>(q_logits)});
  });
}

void CudaBackend::kl_gradient(Sink dp, Sink dq, Tensor dloss, Tensor p_logits, Tensor q_logits) {
  dispatch(p_logits.dtype(), [&]<class T>() {
    walk_tiles(stream_, Kl<T>{WarpRows(p_logits.shape()),
                              {},
                              Rows<T>(dp.to),
                              Rows<T>(dq.to),
                              dp.add,
                              dq.add,
                              Rows<T>(dloss),
                              Rows<T>(p_logits),
                              Rows<T>(q_logits)});
  });
}

void CudaBackend::correct(Tensor hits, Tensor logits, Tensor labels) {
  dispatch(logits.dtype(), [&]<class T>() {
    walk_tiles(stream_, Correct<T>{WarpRows(logits.shape()), Rows<T>(hits), Rows<T>(logits),
                                   Rows<std::int32_t>(labels)});
  });
}

namespace {

/// Block i: to_i = [to_i +] factor · Σ of the elements [i·piece, (i + 1)·piece) of x. Every thread
/// takes every 256th of them.
template <class To, class T>
struct SumPiece {
  static constexpr int threads = 256;
  struct Shared {
    double memory[threads];
  };
  To* to;
  Rows<T> x;
  Index channels, count, piece;
  double factor;
  bool add;

  GPU_DEVICE void operator()() const {
    const Index block = gpu::block().x, first = block * piece;
    const Index end = first + piece < count ? first + piece : count;
    double sum = 0;
    for (Index i = first + gpu::thread(); i < end; i += threads)
      sum += x.data[x.pitch == channels ? i : i / channels * x.pitch + i % channels];
    sum = block_sum<threads>(sum, gpu::shared<Shared>().memory);
    if (gpu::thread() == 0) put(to[block], factor * sum, add);
  }
};

/// to = [to +] factor · Σ x: pieces first unless x is one.
template <class To>
void total(CudaBackend& machine, To* to, const Tensor& x, double factor, bool add) {
  constexpr Index piece = 4096;
  const Index count = x.shape().count(), pieces = ceil_div(count, piece);
  dispatch(x.dtype(), [&]<class T>() {
    if (pieces <= 1) {
      gpu::launch(machine.stream(), 1,
                  SumPiece<To, T>{to, Rows<T>(x), x.shape().c, count, piece, factor, add});
      return;
    }
    const Tensor sums(machine, {1, 1, 1, pieces}, DType::f64);
    gpu::launch(
        machine.stream(), pieces,
        SumPiece<double, T>{sums.data<double>(), Rows<T>(x), x.shape().c, count, piece, 1, false});
    gpu::launch(machine.stream(), 1,
                SumPiece<To, double>{to, Rows<double>(sums), pieces, pieces, pieces, factor, add});
  });
}

template <class T, int V>
struct Spread {
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  Rows<T> dx;
  const T* dy;
  double factor;
  bool add;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    Pack<Real<T>, V> g;
    for (int i = 0; i < V; ++i) g.at[i] = static_cast<Real<T>>(factor * *dy);
    const Index end = walk.end();
    for (Index p = walk.first(); p < end; p += Walk::rows)
      store<V>(dx(0, p) + walk.channel(), g, add);
  }
};

}  // namespace

void CudaBackend::sum(Sink y, Tensor x, double factor) {
  dispatch(y.to.dtype(), [&]<class T>() { total(*this, y.to.data<T>(), x, factor, y.add); });
}

void CudaBackend::sum_gradient(Sink dx, Tensor dy, double factor) {
  dispatch(dy.dtype(), [&]<class T>() {
    with_packs<T>({dx.to}, [&]<int V>() {
      walk_tiles(stream_, Spread<T, V>{Tiles<V, 4>(one_image(dx.to.shape())), Rows<T>(dx.to),
                                       dy.data<T>(), factor, dx.add});
    });
  });
}

}  // namespace robmask::cuda
