#include "models/model.h"

#include <algorithm>

#include "engine/ops.h"
#include "models/densenet.h"
#include "models/preact_resnet.h"
#include "models/resnet.h"
#include "models/resnext.h"

namespace robmask {

const std::vector<std::string>& model_names() {
  static const std::vector<std::string> names{"resnet18", "preact18", "densenet121", "resnext29",
                                              "resnet18-imagenet"};
  return names;
}

bool has_width(const std::string& name) { return name == "resnet18" || name == "preact18"; }

Model::Network Model::make_network(const ModelSpec& spec, const Scope& s) {
  constexpr Index most = 1'000'000;  // counts of elements stay far below 2^63
  require(spec.width == 64 || has_width(spec.name), "--width: {} has one width only", spec.name);
  for (const Index number : {spec.width, spec.classes, spec.masks})
    require(1 <= number && number <= most,
            "--width, --masks: expected width, classes and masks from 1 to {}, got {}, {} and {}",
            most, spec.width, spec.classes, spec.masks);
  const auto callable = []<class T>(std::shared_ptr<T> net) -> Network {
    return [net](const Variable& x, const Context& c) { return (*net)(x, c); };
  };
  if (spec.name == "resnet18")
    return callable(std::make_shared<ResNet18>(s, spec.width, spec.classes));
  if (spec.name == "preact18")
    return callable(std::make_shared<PreActResNet18>(s, spec.width, spec.classes));
  if (spec.name == "densenet121") return callable(std::make_shared<DenseNet121>(s, spec.classes));
  if (spec.name == "resnext29") return callable(std::make_shared<ResNeXt29>(s, spec.classes));
  if (spec.name == "resnet18-imagenet")
    return callable(std::make_shared<ResNet18>(s, 64, spec.classes, ResNet18::Stem::imagenet));
  throw InputError(fmt::format("--model: expected one of {}, got \"{}\"",
                               fmt::join(model_names(), ", "), spec.name));
}

Model::Model(Backend& machine, DType maps, const ModelSpec& spec, std::uint64_t seed)
    : spec_(spec), shape_{&machine, maps, spec.masks, spec.pairs, seed} {
  network_ = make_network(spec, Scope(shape_, entries_));
  std::vector<double> scale, shift;
  for (int c = 0; c < 3; ++c) {
    scale.push_back(1 / spec.std[c]);
    shift.push_back(-spec.mean[c] / spec.std[c]);
  }
  scale_ = make_tensor(machine, {1, 1, 1, 3}, dtype(), scale);
  shift_ = make_tensor(machine, {1, 1, 1, 3}, dtype(), shift);
}

std::vector<Entry> Model::list(const ModelSpec& spec) {
  const ModelShape shape{.masks = spec.masks, .pairs = spec.pairs};
  std::vector<Entry> entries;
  make_network(spec, Scope(shape, entries));
  return entries;
}

Variable Model::logits(const Variable& images, const Context& context) const {
  return network_(normalized(images), context);
}

void Model::refresh() const {
  for (const Entry& e : entries_) e.variable.refresh();
}

Variable Model::normalized(const Variable& images) const {
  return affine(images, scale_, shift_, maps());
}

std::vector<Variable> Model::parameters() const {
  std::vector<Variable> trained;
  for (const Entry& e : entries_)
    if (e.trained()) trained.push_back(e.variable);
  return trained;
}

Index Model::parameter_count() const {
  Index count = 0;
  for (const Variable& v : parameters()) count += v.shape().count();
  return count;
}

Segment Model::segment(Index images, Mode mode, const std::vector<double>& strengths,
                       Index pair) const {
  return {.images = images,
          .mode = mode,
          .code = code_tensor(machine(), dtype(), strengths, spec_.masks, spec_.code),
          .pair_code =
              pair_code_tensor(machine(), dtype(), strengths, spec_.pairs, spec_.masks, spec_.code),
          .pair = pair};
}

std::function<Variable(const Variable&)> Model::at(double p) const {
  return [this, p](const Variable& images) { return logits(images, eval(images.shape().n, p)); };
}

}  // namespace robmask
