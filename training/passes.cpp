#include "training/passes.h"

#include "engine/backend.h"

namespace robmask {

Tensor repeated(const Tensor& x, Index count) {
  const Index n = x.shape().n;
  const Tensor all(x.machine(), x.shape().with_images(count * n), x.dtype());
  for (Index b = 0; b < count; ++b) x.machine().copy(all.images(b * n, n), x);
  return all;
}

void add_passes(const Totals& totals, const Batch& batch, const Tensor& logits,
                const Tensor& losses, Index clean) {
  // logits: {B·N,1,1,classes}    losses: {B·N,1,1,1}
  const Index n = batch.size(), count = losses.shape().n / n;
  const auto share = [](Index passes) { return 1 / static_cast<double>(passes); };
  totals.add(totals.loss, losses, share(count));
  for (Index b = 0; b < count; ++b) {
    const Tensor part = losses.images(b * n, n);
    if (b < clean)
      totals.add(totals.loss_clean, part, share(clean));
    else
      totals.add(totals.loss_adv, part, share(count - clean));
  }
  totals.add_hits(logits.images(0, n), batch.labels);
}

}  // namespace robmask
