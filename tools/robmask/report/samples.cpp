#include "tools/robmask/report/samples.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "attacks/evaluate.h"
#include "tools/robmask/report/feature_maps.h"
#include "tools/robmask/report/thumbnail.h"
#include "training/terminal.h"

namespace robmask {

namespace {

constexpr double magnify = 10;           // of perturbations
constexpr std::size_t shown_likely = 3;  // classes

using Values = std::vector<double>;

/// The most likely classes of an image with their softmax probabilities.  logits: {1,1,1,classes}
Json likely_classes(const Tensor& logits) {
  const Values z = logits.to_doubles();
  const double most = std::ranges::max(z);
  double total = 0;
  for (const double v : z) total += std::exp(v - most);
  std::vector<std::size_t> order(z.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return z[a] > z[b]; });
  order.resize(std::min(order.size(), shown_likely));
  Json list = Json::array();
  for (const std::size_t i : order)
    list.push_back({i, std::round(1e4 * std::exp(z[i] - most) / total) / 1e4});
  return list;
}

/// A few images and what a network makes of them.
class Samples {
 public:
  Samples(const Model& model, const Images& images, Index count, Index batch, std::uint64_t seed)
      : model_(model), images_(images.labelled(model.dtype())), batch_(batch), seed_(seed) {
    images_.labels.resize(static_cast<std::size_t>(std::min(count, images.size())));
    std::vector<std::int32_t> ids(images_.labels.size());
    std::iota(ids.begin(), ids.end(), 0);
    x_ = images_.pixels(ids);
  }

  /// The first image, {1,H,W,3}.
  Tensor first() const { return original(0); }

  /// "images"
  Json originals() const {
    Json list = Json::array();
    for (std::int32_t id = 0; id < images_.count(); ++id)
      list.push_back({{"number", id},
                      {"label", images_.labels[id]},
                      {"picture", picture(original(id).to_doubles())}});
    return list;
  }

  /// "images" of the mask of strength p
  Json seen(double p, const AttackPlan& plan) const {
    const Tensor logits = model_.at(p)(Variable(x_)).value();
    PerImage<Tensor> handed_out;
    const auto finish = [&](Index, const PerImage<Verdict>& verdicts, const Tensor& x_adv) {
      Index row = 0;
      for (const auto& [id, verdict] : verdicts) handed_out[id] = x_adv.images(row++, 1);
    };
    evaluate({.plan = plan, .attacked = model_.at(p), .batch = batch_, .seed = seed_}, images_,
             {.finish = finish, .warn = warn});
    Json list = Json::array();
    for (std::int32_t id = 0; id < images_.count(); ++id) {
      Json& image = list.emplace_back(
          Json{{"clean", likely_classes(logits.images(id, 1))}, {"attacked", nullptr}});
      if (const auto x_adv = handed_out.find(id); x_adv != handed_out.end())
        image["attacked"] = attacked(p, original(id), x_adv->second);
    }
    return list;
  }

 private:
  Tensor original(std::int32_t id) const { return x_.images(id, 1); }

  /// "attacked" of one image
  Json attacked(double p, const Tensor& x, const Tensor& x_adv) const {
    const Values before = x.to_doubles(), after = x_adv.to_doubles();
    Values perturbation(before.size());
    std::ranges::transform(after, before, perturbation.begin(),
                           [](double a, double b) { return 0.5 + magnify * (a - b); });
    const Tensor logits = model_.at(p)(Variable(x_adv)).value();
    return {{"likely", likely_classes(logits)},
            {"picture", picture(after)},
            {"perturbation", picture(perturbation)}};
  }

  /// One image, H·W·3.
  std::string picture(const Values& values) const {
    return data_uri(thumbnail(values, x_.shape().h, x_.shape().w));
  }

  const Model& model_;
  LabelledImages images_;
  Index batch_;
  std::uint64_t seed_;
  Tensor x_;
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
