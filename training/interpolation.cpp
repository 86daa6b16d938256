#include "training/interpolation.h"

#include "engine/backend.h"

namespace robmask {

namespace {

/// The i-th of a model's tensors.
const Tensor& tensor(const LoadedModel& from, std::size_t i) {
  return from.model->entries()[i].variable.value();
}

}  // namespace

void require_alike(const LoadedModel& first, const LoadedModel& second,
                   const std::string& first_name, const std::string& second_name) {
  const ModelSpec &a = first.info.spec, &b = second.info.spec;
  const auto text = [](const auto& values) { return fmt::to_string(fmt::join(values, ", ")); };
  const auto require_same = [&](const std::string& property, const auto& mine, const auto& other) {
    require(mine == other, "`second` {}: expected {} {} like `first` {}, got {}", second_name,
            property, mine, first_name, other);
  };
  require_same("model", a.name, b.name);
  require_same("width", a.width, b.width);
  require_same("classes", a.classes, b.classes);
  if (!first.info.class_names.empty() && !second.info.class_names.empty())
    require_same("classes", text(first.info.class_names), text(second.info.class_names));
  require_same("masks", a.masks, b.masks);
  require_same("statistics", a.statistics(), b.statistics());
  require_same("pairs of statistics", a.pairs, b.pairs);
  require_same("normalization by mean", text(a.mean), text(b.mean));
  require_same("normalization by std", text(a.std), text(b.std));
  for (std::size_t i = 0; i < first.model->entries().size(); ++i) {
    const Entry& e = first.model->entries()[i];
    if (is_norm(e.role)) continue;
    require(tensor(first, i).to_doubles() == tensor(second, i).to_doubles(),
            "`second` {}: expected the weights of `first` {} but for batch norm; \"{}\" differs: "
            "interpolate a model with its own finetuning",
            second_name, first_name, e.name);
  }
}

void blend(const LoadedModel& to, const LoadedModel& first, const LoadedModel& second, double p,
           bool affine_only) {
  for (std::size_t i = 0; i < to.model->entries().size(); ++i) {
    const Entry& e = to.model->entries()[i];
    const Tensor &a = tensor(first, i), &b = tensor(second, i), &value = tensor(to, i);
    value.machine().copy(value, a);
    if (!is_affine(e.role) && (affine_only || !is_statistic(e.role))) continue;
    value.machine().scale({value}, a, p);
    value.machine().scale({value, true}, b, 1 - p);
  }
}

LoadedModel with_both_masks(const LoadedModel& first, const LoadedModel& second) {
  require(first.info.spec.masks == 1, "expected models of one mask to store both, got {}",
          first.info.spec.masks);
  LoadedModel both{first.info, nullptr};
  CheckpointInfo& info = both.info;
  info.spec.masks = info.spec.pairs = 2;
  info.method = "robmask";
  info.eps_max = second.info.eps_max;
  info.norm = second.info.norm;
  info.unsaid.erase("method");
  for (const char* key : {"eps_max", "norm"}) {
    info.unsaid.erase(key);
    if (second.info.unsaid.contains(key)) info.unsaid.insert(key);
  }
  both.model =
      std::make_unique<Model>(first.model->machine(), first.model->maps(), info.spec, std::nullopt);
  for (std::size_t i = 0; i < both.model->entries().size(); ++i) {
    const Tensor& value = tensor(both, i);
    const Tensor& a = tensor(first, i);
    if (!is_norm(both.model->entries()[i].role)) {
      value.machine().copy(value, a);
      continue;
    }
    value.machine().copy(value.images(0, 1), a);
    value.machine().copy(value.images(1, 1), tensor(second, i));
  }
  both.model->refresh();
  return both;
}

}  // namespace robmask
