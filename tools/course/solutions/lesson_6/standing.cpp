#include <cmath>

#include "engine/backend.h"
#include "tools/course/lesson_6/exercises.h"

namespace robmask::course {

namespace {

std::vector<bool> right(const Classifier& network, const Tensor& x,
                        const std::vector<std::int32_t>& labels) {
  const Shape one_each{.n = x.shape().n};
  const Tensor logits = network(Variable(x)).value(), hits(x.machine(), one_each, x.dtype());
  x.machine().correct(hits, logits, make_tensor(x.machine(), one_each, labels));
  std::vector<bool> flags;
  for (const double hit : hits.to_doubles()) flags.push_back(hit > 0);
  return flags;
}

bool in_ball(const Tensor& a, const Tensor& b, double eps) {
  const std::vector<double> x = a.to_doubles(), y = b.to_doubles();
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!(std::abs(y[i] - x[i]) <= eps + 1e-6 && y[i] >= 0 && y[i] <= 1)) return false;
  return true;
}

}  // namespace

std::vector<bool> standing(const Classifier& network, const Tensor& images,
                           const std::vector<std::int32_t>& labels,
                           const std::vector<SomeAttack>& attacks, double eps) {
  std::vector<bool> stands = right(network, images, labels);
  for (const SomeAttack& attack : attacks) {
    std::vector<Index> left;
    std::vector<std::int32_t> own;
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (stands[i]) {
        left.push_back(static_cast<Index>(i));
        own.push_back(labels[i]);
      }
    if (left.empty()) break;
    const Tensor x = gathered(images, left), made = attack(x, own);
    const std::vector<bool> hits = right(network, made, own);
    for (std::size_t i = 0; i < left.size(); ++i) {
      const auto k = static_cast<Index>(i);
      if (!hits[i] && in_ball(x.images(k, 1), made.images(k, 1), eps)) stands[left[i]] = false;
    }
  }
  return stands;
}

}  // namespace robmask::course
