// Losses of rows of logits, in double until they are stored.

#include <cmath>

#include "engine/cpu/rows.h"

namespace robmask::ROBMASK_ISA {

namespace {

/// p = log softmax(logits), by log Σ exp with the maximum taken out.
template <class T>
void log_softmax(double* p, const T* logits, Index classes) {
  const double top = *std::max_element(logits, logits + classes);
  double sum = 0;
  for (Index c = 0; c < classes; ++c) sum += std::exp(logits[c] - top);
  const double log_sum = top + std::log(sum);
  for (Index c = 0; c < classes; ++c) p[c] = logits[c] - log_sum;
}

template <class T>
void put(T& to, double value, bool add) {
  to = static_cast<T>(add ? to + value : value);
}

}  // namespace

void CpuBackend::cross_entropy(Tensor loss, Tensor logits, Tensor labels) {
  const Shape& s = logits.shape();
  const Rows<std::int32_t> label(labels);
  for (Index n = 0; n < s.n; ++n)
    require(*label(n) >= 0 && *label(n) < s.c, "label {} of image {}: expected 0 to {}", *label(n),
            n, s.c - 1);
  dispatch(logits.dtype(), [&]<class T>() {
    const Rows<T> to(loss), from(logits);
    parallel(s.n, s.count(), [&](Index n) {
      std::vector<double> log_p(s.c);
      log_softmax(log_p.data(), from(n), s.c);
      *to(n) = static_cast<T>(-log_p[*label(n)]);
    });
  });
}

void CpuBackend::cross_entropy_gradient(Sink dlogits, Tensor dloss, Tensor logits, Tensor labels) {
  // dlogits_c = dloss·(p_c − [c = label])
  const Shape& s = logits.shape();
  dispatch(logits.dtype(), [&]<class T>() {
    const Rows<T> to(dlogits.to), weight(dloss), from(logits);
    const Rows<std::int32_t> label(labels);
    parallel(s.n, s.count(), [&](Index n) {
      std::vector<double> log_p(s.c);
      log_softmax(log_p.data(), from(n), s.c);
      for (Index c = 0; c < s.c; ++c)
        put(to(n)[c], *weight(n) * (std::exp(log_p[c]) - (c == *label(n))), dlogits.add);
    });
  });
}

void CpuBackend::kl(Tensor loss, Tensor p_logits, Tensor q_logits) {
  const Shape& s = p_logits.shape();
  dispatch(p_logits.dtype(), [&]<class T>() {
    const Rows<T> to(loss), p(p_logits), q(q_logits);
    parallel(s.n, s.count(), [&](Index n) {
      std::vector<double> log_p(s.c), log_q(s.c);
      log_softmax(log_p.data(), p(n), s.c);
      log_softmax(log_q.data(), q(n), s.c);
      double sum = 0;
      for (Index c = 0; c < s.c; ++c) sum += std::exp(log_p[c]) * (log_p[c] - log_q[c]);
      *to(n) = static_cast<T>(sum);
    });
  });
}

void CpuBackend::kl_gradient(Sink dp, Sink dq, Tensor dloss, Tensor p_logits, Tensor q_logits) {
  // of the logits: dp_c = dloss·p_c·((log p_c − log q_c) − KL), dq_c = dloss·(q_c − p_c)
  const Shape& s = p_logits.shape();
  dispatch(p_logits.dtype(), [&]<class T>() {
    const Rows<T> dp_(dp.to), dq_(dq.to), weight(dloss), p(p_logits), q(q_logits);
    parallel(s.n, s.count(), [&](Index n) {
      std::vector<double> log_p(s.c), log_q(s.c);
      log_softmax(log_p.data(), p(n), s.c);
      log_softmax(log_q.data(), q(n), s.c);
      double divergence = 0;
      for (Index c = 0; c < s.c; ++c) divergence += std::exp(log_p[c]) * (log_p[c] - log_q[c]);
      for (Index c = 0; c < s.c; ++c) {
        const double pc = std::exp(log_p[c]), ratio = log_p[c] - log_q[c];
        if (dp_) put(dp_(n)[c], *weight(n) * pc * (ratio - divergence), dp.add);
        if (dq_) put(dq_(n)[c], *weight(n) * (std::exp(log_q[c]) - pc), dq.add);
      }
    });
  });
}

void CpuBackend::correct(Tensor hits, Tensor logits, Tensor labels) {
  const Shape& s = logits.shape();
  dispatch(logits.dtype(), [&]<class T>() {
    const Rows<T> to(hits), from(logits);
    const Rows<std::int32_t> label(labels);
    for (Index n = 0; n < s.n; ++n)
      *to(n) = std::max_element(from(n), from(n) + s.c) - from(n) == *label(n) ? T(1) : T(0);
  });
}

}  // namespace robmask::ROBMASK_ISA
