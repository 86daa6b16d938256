#include "models/model.h"

#include "engine/ops.h"

namespace robmask {

namespace {

/// The network of a spec. InputError for a name that is none, and for a width or numbers it cannot
/// have.
Network network_in(const Scope& scope, const ModelSpec& spec) {
  constexpr Index most = 1'000'000;  // counts of elements stay far below 2^63
  const NamedNetwork& network = network_of(spec.name);
  require(spec.width == 64 || network.has_width, "`width`: {} has one width only", spec.name);
  for (const Index number : {spec.width, spec.classes, spec.masks})
    require(1 <= number && number <= most,
            "`width`, `masks`: expected width, classes and masks from 1 to {}, got {}, {} and {}",
            most, spec.width, spec.classes, spec.masks);
  return network.make(scope, spec.width, spec.classes);
}

}  // namespace

Model::Model(Backend& machine, DType maps, const ModelSpec& spec, std::optional<std::uint64_t> seed)
    : spec_(spec), shape_{&machine, maps, spec.masks, spec.pairs, seed} {
  network_ = network_in(Scope(shape_, entries_), spec);
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
  network_in(Scope(shape, entries), spec);
  return entries;
}

Variable Model::logits(const Variable& images, const Context& context) const {
  return network_(normalized(images), context);
}

void Model::refresh() const {
  for (const Entry& e : entries_) e.variable.refresh();
}

Variable Model::normalized(const Variable& images) const {
  require(images.shape().c == 3, "expected images N·H·W·3, got {}", to_string(images.shape()));
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

void Model::check_mask(double p) const {
  require(0 <= p && p <= 1, "`mask` {}: expected a strength from 0 to 1", p);
  require(p == 0 || spec_.masks > 1, "`mask` {}: the model has one mask only, which is p = 0", p);
}

Context Model::eval(Index images, double p) const {
  check_mask(p);
  return {{segment(images, Mode::eval, {p})}};
}

std::function<Variable(const Variable&)> Model::at(double p) const {
  Context context = eval(0, p);
  context.segments[0].kept = std::make_shared<KeptMasks>();
  return [this, context](const Variable& images) mutable {
    context.segments[0].images = images.shape().n;
    return logits(images, context);
  };
}

}  // namespace robmask
