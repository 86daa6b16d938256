#include "attacks/classifier.h"

#include <algorithm>
#include <cmath>

namespace robmask {

LabelledImages labelled(const Tensor& images, const std::vector<std::int32_t>& labels) {
  require(images.shape().n == std::ssize(labels), "expected a label for each of {} images, got {}",
          images.shape().n, labels.size());
  return {.machine = &images.machine(),
          .shape = images.shape().with_images(1),
          .dtype = images.dtype(),
          .labels = labels,
          .pixels = [images](const auto& ids) { return gathered(images, ids); }};
}

std::vector<Index> predictions(const Tensor& logits, const std::vector<std::int32_t>& ids,
                               const LabelledImages& images) {
  const std::vector<double> values = logits.to_doubles();
  std::vector<Index> classes;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto row = values.begin() + static_cast<Index>(i) * logits.shape().c;
    const auto end = row + logits.shape().c;
    if (!std::all_of(row, end, [](double v) { return std::isfinite(v); })) {
      const std::string name = images.name ? images.name(ids[i]) : "";
      throw InputError(fmt::format(
          "the logits of image {}{} are not finite: the weights overflow, or are damaged; check "
          "them, or try `precision` fp64",
          ids[i], name.empty() ? "" : fmt::format(" ({})", name)));
    }
    classes.push_back(std::max_element(row, end) - row);
  }
  return classes;
}

}  // namespace robmask
