#include "attacks/classifier.h"

#include <algorithm>
#include <cmath>

#include "engine/backend.h"

namespace robmask {

LabelledImages labelled(const Tensor& images, const std::vector<std::int32_t>& labels) {
  require(images.shape().n == std::ssize(labels), "expected a label for each of {} images, got {}",
          images.shape().n, labels.size());
  const auto pixels = [images](const std::vector<std::int32_t>& ids) {
    const Tensor some(images.machine(), images.shape().with_images(std::ssize(ids)),
                      images.dtype());
    for (std::size_t i = 0; i < ids.size(); ++i)
      images.machine().copy(some.images(static_cast<Index>(i), 1), images.images(ids[i], 1));
    return some;
  };
  return {.machine = &images.machine(),
          .shape = images.shape().with_images(1),
          .dtype = images.dtype(),
          .labels = labels,
          .pixels = pixels};
}

std::vector<Index> predictions(const Tensor& logits, const std::vector<std::int32_t>& ids,
                               const LabelledImages& images) {
  const std::vector<double> values = logits.to_doubles();
  std::vector<Index> classes;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto row = values.begin() + static_cast<Index>(i) * logits.shape().c;
    const auto end = row + logits.shape().c;
    const std::string name = images.name ? images.name(ids[i]) : "";
    require(std::all_of(row, end, [](double v) { return std::isfinite(v); }),
            "the logits of image {}{} are not finite: the weights overflow, or are damaged; check "
            "them, or try `precision` fp64",
            ids[i], name.empty() ? "" : fmt::format(" ({})", name));
    classes.push_back(std::max_element(row, end) - row);
  }
  return classes;
}

}  // namespace robmask
