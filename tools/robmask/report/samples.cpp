#include "tools/robmask/report/samples.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tools/robmask/report/maps.h"
#include "tools/robmask/report/thumbnail.h"
#include "training/manners.h"

namespace robmask {

namespace {

constexpr double magnify = 10;     // of perturbations
constexpr Index shown_likely = 3;  // classes

using Values = std::vector<double>;

/// The most likely classes of each image with their softmax probabilities.  logits: n · classes
std::vector<Json> likely_classes(const Tensor& logits) {
  const Values values = logits.to_doubles();
  const Index classes = logits.shape().c;
  std::vector<Json> images;
  for (auto row = values.begin(); row != values.end(); row += classes) {
    const double most = *std::max_element(row, row + classes);
    double total = 0;
    for (Index i = 0; i < classes; ++i) total += std::exp(row[i] - most);
    std::vector<Index> order(classes);
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](Index a, Index b) { return row[a] > row[b]; });
    order.resize(std::min(classes, shown_likely));
    Json list = Json::array();
    for (const Index i : order)
      list.push_back({i, std::round(1e4 * std::exp(row[i] - most) / total) / 1e4});
    images.push_back(std::move(list));
  }
  return images;
}

/// A few images and what a network makes of them.
class Samples {
 public:
  Samples(const Model& model, const Images& images, Index count, Index batch, std::uint64_t seed)
      : model_(model), images_(images), evaluator_(model, images, batch, seed) {
    ids_.resize(std::min(count, images.size()));
    std::iota(ids_.begin(), ids_.end(), 0);
    x_ = images.batch(model.dtype(), ids_).images;
    clean_ = x_.to_doubles();
  }

  /// The first image, {1,H,W,3}.
  Tensor first() const { return x_.images(0, 1); }

  /// "images"
  Json originals() const {
    Json list = Json::array();
    for (const std::int32_t id : ids_)
      list.push_back({{"number", id},
                      {"label", images_.split().labels[id]},
                      {"picture", picture(clean_, id)}});
    return list;
  }

  /// "images" of the mask of strength p
  Json seen(double p, const AttackPlan& plan) const {
    const std::vector<Json> clean = likely_classes(evaluator_.logits(p, ids_));
    std::vector<Json> attacked;
    Values x_adv;
    const auto look = [&](const auto&, const Tensor& batch) {
      const Context context = model_.eval(batch.shape().n, p);
      for (Json& likely : likely_classes(model_.logits(Variable(batch), context).value()))
        attacked.push_back(std::move(likely));
      for (const double v : batch.to_doubles()) x_adv.push_back(v);
    };
    evaluator_.attack(p, plan, ids_, {.adversarial = look});
    Values perturbation(clean_.size());
    for (std::size_t i = 0; i < clean_.size(); ++i)
      perturbation[i] = 0.5 + magnify * (x_adv[i] - clean_[i]);
    Json list = Json::array();
    for (const std::int32_t id : ids_)
      list.push_back({{"clean", clean[id]},
                      {"attacked", attacked[id]},
                      {"picture", picture(x_adv, id)},
                      {"perturbation", picture(perturbation, id)}});
    return list;
  }

 private:
  /// One of the images in `values`, N·H·W·3.
  std::string picture(const Values& values, std::int32_t id) const {
    const Shape shape = x_.shape();
    const auto size = static_cast<std::size_t>(shape.pixels() * shape.c);
    return data_uri(thumbnail(std::span(values).subspan(id * size, size), shape.h, shape.w));
  }

  const Model& model_;
  const Images& images_;
  Evaluator evaluator_;
  std::vector<std::int32_t> ids_;
  Tensor x_;
  Values clean_;
};

}  // namespace

Json sample_json(const Model& model, const Images& images, const AttackPlan& plan,
                 const std::vector<double>& masks, Index count, Index batch, std::uint64_t seed) {
  const Samples samples(model, images, count, batch, seed);
  const std::vector<Json> maps = map_json(model, samples.first(), masks);
  Json json{{"images", samples.originals()}, {"masks", Json::array()}};
  Progress progress("sample images", static_cast<Index>(masks.size()), "mask");
  for (std::size_t i = 0; i < masks.size(); ++i) {
    stop_if_interrupted();
    Json& mask =
        json["masks"].emplace_back(Json{{"p", masks[i]}, {"images", samples.seen(masks[i], plan)}});
    mask.update(maps[i]);
    progress.update(static_cast<Index>(i + 1));
  }
  return json;
}

}  // namespace robmask
