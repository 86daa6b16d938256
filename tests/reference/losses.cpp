#include <cmath>

#include "tests/reference/view.h"

namespace robmask {

namespace {

/// log p_c = logits_c − log Σ_i exp(logits_i), with the largest logit taken out of the sum.
template <class T>
std::vector<double> log_softmax(const View<T>& logits, Index n) {
  const Index classes = logits.shape.c;
  double top = logits.row(n, 0), sum = 0;
  for (Index c = 1; c < classes; ++c) top = std::max<double>(top, logits.row(n, c));
  for (Index c = 0; c < classes; ++c) sum += std::exp(logits.row(n, c) - top);
  std::vector<double> log_p(classes);
  for (Index c = 0; c < classes; ++c) log_p[c] = logits.row(n, c) - top - std::log(sum);
  return log_p;
}

double divergence(const std::vector<double>& log_p, const std::vector<double>& log_q) {
  double sum = 0;
  for (std::size_t c = 0; c < log_p.size(); ++c) sum += std::exp(log_p[c]) * (log_p[c] - log_q[c]);
  return sum;
}

template <class T>
double total(const Tensor& x) {
  const View<T> in(x);
  double sum = 0;
  for_each(x.shape(), [&](auto... at) { sum += in(at...); });
  return sum;
}

}  // namespace

void ReferenceBackend::cross_entropy(Tensor loss, Tensor logits, Tensor labels) {
  dispatch(logits.dtype(), [&]<class T>() {
    const View<T> out(loss), in(logits);
    const View<std::int32_t> label(labels);
    for (Index n = 0; n < logits.shape().n; ++n)
      out.row(n) = static_cast<T>(-log_softmax(in, n)[label.row(n)]);
  });
}

void ReferenceBackend::cross_entropy_gradient(Sink dlogits, Tensor dloss, Tensor logits,
                                              Tensor labels) {
  dispatch(logits.dtype(), [&]<class T>() {
    const SinkView<T> out(dlogits);
    const View<T> g(dloss), in(logits);
    const View<std::int32_t> label(labels);
    for (Index n = 0; n < logits.shape().n; ++n) {
      const auto log_p = log_softmax(in, n);
      for (Index c = 0; c < logits.shape().c; ++c)
        out.put(n, 0, 0, c, g.row(n) * (std::exp(log_p[c]) - (c == label.row(n) ? 1 : 0)));
    }
  });
}

void ReferenceBackend::kl(Tensor loss, Tensor p_logits, Tensor q_logits) {
  dispatch(p_logits.dtype(), [&]<class T>() {
    const View<T> out(loss), p(p_logits), q(q_logits);
    for (Index n = 0; n < p_logits.shape().n; ++n)
      out.row(n) = static_cast<T>(divergence(log_softmax(p, n), log_softmax(q, n)));
  });
}

// Of the logits: dp_c = p_c·(log p_c − log q_c − KL), dq_c = q_c − p_c.
void ReferenceBackend::kl_gradient(Sink dp, Sink dq, Tensor dloss, Tensor p_logits,
                                   Tensor q_logits) {
  dispatch(p_logits.dtype(), [&]<class T>() {
    const SinkView<T> to_p(dp), to_q(dq);
    const View<T> g(dloss), p(p_logits), q(q_logits);
    for (Index n = 0; n < p_logits.shape().n; ++n) {
      const auto log_p = log_softmax(p, n), log_q = log_softmax(q, n);
      const double kl = divergence(log_p, log_q);
      for (Index c = 0; c < p_logits.shape().c; ++c) {
        to_p.put(n, 0, 0, c, g.row(n) * std::exp(log_p[c]) * (log_p[c] - log_q[c] - kl));
        to_q.put(n, 0, 0, c, g.row(n) * (std::exp(log_q[c]) - std::exp(log_p[c])));
      }
    }
  });
}

void ReferenceBackend::sum(Sink y, Tensor x, double factor) {
  const double sum = factor * dispatch(x.dtype(), [&]<class T>() { return total<T>(x); });
  dispatch(y.to.dtype(), [&]<class T>() { SinkView<T>(y).put(0, 0, 0, 0, sum); });
}

void ReferenceBackend::sum_gradient(Sink dx, Tensor dy, double factor) {
  dispatch(dy.dtype(), [&]<class T>() {
    const SinkView<T> out(dx);
    for_each(dx.to.shape(), [&](auto... at) { out.put(at..., factor * *dy.data<T>()); });
  });
}

void ReferenceBackend::correct(Tensor hits, Tensor logits, Tensor labels) {
  dispatch(logits.dtype(), [&]<class T>() {
    const View<T> out(hits), in(logits);
    const View<std::int32_t> label(labels);
    for (Index n = 0; n < logits.shape().n; ++n) {
      Index best = 0;
      for (Index c = 1; c < logits.shape().c; ++c)
        if (in.row(n, c) > in.row(n, best)) best = c;
      out.row(n) = best == label.row(n) ? T(1) : T(0);
    }
  });
}

}  // namespace robmask
