#include "training/accuracy.h"

#include <numeric>

#include "engine/in_batches.h"
#include "training/terminal.h"

namespace robmask {

double accuracy(const Model& model, double p, const Images& images, Index batch,
                const std::function<void(Index done)>& on_batch) {
  std::vector<std::int32_t> all(images.size());
  std::iota(all.begin(), all.end(), 0);
  Index done = 0, correct = 0;
  in_batches(model.machine(), all, batch, warn, [&](const std::vector<std::int32_t>& ids) {
    const Batch some = images.batch(model.dtype(), ids);
    const Tensor hits(model.machine(), some.labels.shape(), model.dtype());
    model.machine().correct(hits, model.at(p)(Variable(some.images)).value(), some.labels);
    for (const double hit : hits.to_doubles()) correct += hit > 0;
    on_batch(done += std::ssize(ids));
  });
  return static_cast<double>(correct) / static_cast<double>(images.size());
}

}  // namespace robmask
