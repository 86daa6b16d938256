#include "tools/robmask/bench_inputs.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "data/normalization.h"
#include "engine/backend.h"
#include "engine/random.h"
#include "training/weights.h"

namespace robmask {

namespace {

const std::string images_name = "bench.images", labels_name = "bench.labels",
                  start_name = "bench.start";

/// Numbers uniform in [low, high).
std::vector<double> drawn(const BenchSettings& s, std::uint64_t what, Index count, double low,
                          double high) {
  const Stream stream{.seed = s.common.seed, .purpose = Purpose::synthetic, .step = what};
  std::vector<double> values(count);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = low + (high - low) * random_uniform<double>(stream, static_cast<std::uint32_t>(i));
  return values;
}

HostTensor in_float(const std::vector<Index>& shape, const std::vector<double>& values) {
  return host_tensor(shape, std::vector<float>(values.begin(), values.end()));
}

/// Images, labels and, where asked for, an attack's start.
SafeTensors draw_images(const BenchSettings& s, bool with_start) {
  const Task task = task_of(*s.network.model);
  const std::vector<Index> shape{s.batch, task.side, task.side, 3};
  const Index pixels = s.batch * task.side * task.side * 3;
  std::vector<double> images = drawn(s, 0, pixels, 0, 1);
  std::vector<Index> labels(s.batch);
  for (Index i = 0; i < s.batch; ++i) labels[i] = i % task.classes;
  SafeTensors file;
  file.add(images_name, in_float(shape, images));
  file.add(labels_name, host_tensor({s.batch}, labels));
  if (!with_start) return file;
  const std::vector<double> steps = drawn(s, 1, pixels, -4.0 / 255, 4.0 / 255);
  for (std::size_t i = 0; i < images.size(); ++i)
    images[i] = std::clamp(images[i] + steps[i], 0.0, 1.0);
  file.add(start_name, in_float(shape, images));
  return file;
}

/// γ within 0.1 of 1; β near 1.5, so that few ReLUs are as good as closed and open: those that bf16
/// throws over turn the gradient (PyTorch's own to a cosine of 0.96 at β near 0); running variances
/// near those of a fresh convolution of such maps, (1 + β²) / 3.
void vary_norms(const Model& model, const BenchSettings& s) {
  const std::map<Role, double> middle{
      {Role::mask_weight, 1}, {Role::mask_bias, 1.5}, {Role::running_variance, 1.1}};
  std::uint64_t number = 2;
  for (const Entry& e : model.entries()) {
    const auto at = middle.find(e.role);
    if (at == middle.end()) continue;
    const Tensor& value = e.variable.value();
    const std::vector<double> values =
        drawn(s, number++, value.shape().count(), at->second - 0.1, at->second + 0.1);
    dispatch(value.dtype(),
             [&]<class T>() { value.from_host(std::vector<T>(values.begin(), values.end())); });
  }
}

/// The first `count` images of a tensor of the file.
Tensor first_images(const Model& model, const SafeTensors& inputs, const std::string& name,
                    Index count) {
  const Task task = task_of(model.spec().name);
  const std::vector<Index> one{task.side, task.side, 3};
  const HostTensor& all = inputs.at(name);
  require(all.shape.size() == 4 && std::ranges::equal(one, std::span(all.shape).subspan(1)),
          "{}: expected images of {} for {}, got {}", inputs.source, to_string(one),
          model.spec().name, to_string(all.shape));
  require(all.shape[0] >= count, "--batch {}: {} holds {} images; save as many", count,
          inputs.source, all.shape[0]);
  const Shape shape{count, task.side, task.side, 3};
  const Tensor images(model.machine(), shape, model.dtype());
  dispatch(model.dtype(), [&]<class T>() {
    std::vector<T> values = inputs.values<T>(name);
    values.resize(shape.count());
    images.from_host(values);
  });
  return images;
}

}  // namespace

Task task_of(const std::string& model) {
  return model == "resnet18-imagenet" ? Task{224, 1000} : Task{32, 10};
}

SafeTensors bench_inputs(const BenchSettings& s) {
  return s.init.empty() ? draw_images(s, false) : read_safetensors(s.init);
}

void save_bench_inputs(const BenchSettings& s) {
  const std::unique_ptr<Model> model = bench_model(s, {}, 2);
  vary_norms(*model, s);
  SafeTensors file = to_file(*model);
  for (NamedTensor& t : draw_images(s, true).tensors) file.tensors.push_back(std::move(t));
  write_safetensors(s.save, file);
}

std::unique_ptr<Model> bench_model(const BenchSettings& s, const SafeTensors& inputs, Index masks) {
  const ModelSpec spec{.name = *s.network.model,
                       .width = *s.network.width,
                       .classes = task_of(*s.network.model).classes,
                       .masks = masks,
                       .mean = normalizations::cifar10.mean,
                       .std = normalizations::cifar10.std};
  Backend& machine = s.machine ? *s.machine : machine_of(s.common);
  auto model = std::make_unique<Model>(machine, maps_of(s.common), spec, s.common.seed);
  SafeTensors weights{.tensors = {}, .metadata = {}, .source = inputs.source};
  for (const NamedTensor& t : inputs.tensors) {
    const bool later_mask = t.name.find(".mask.") != std::string::npos;
    if (!t.name.starts_with("bench.") && (masks > 1 || !later_mask)) weights.tensors.push_back(t);
  }
  if (!weights.tensors.empty()) from_file(*model, weights);
  return model;
}

Batch bench_batch(const Model& model, const SafeTensors& inputs, Index count) {
  Backend& machine = model.machine();
  Batch batch{first_images(model, inputs, images_name, count), {}, {}};
  const std::vector<Index> all = inputs.values<Index>(labels_name);
  require(std::ssize(all) >= count, "--batch {}: {} holds {} labels; save as many", count,
          inputs.source, all.size());
  const std::vector<std::int32_t> labels(all.begin(), all.begin() + count);
  const Index classes = model.spec().classes;
  for (Index i = 0; i < count; ++i)
    require(0 <= all[i] && all[i] < classes, "{}: expected labels from 0 to {}, got {}",
            inputs.source, classes - 1, all[i]);
  std::vector<std::int32_t> ids(count);
  std::iota(ids.begin(), ids.end(), 0);
  batch.labels = make_tensor(machine, {count, 1, 1, 1}, labels);
  batch.ids = make_tensor(machine, {count, 1, 1, 1}, ids);
  return batch;
}

Tensor bench_start(const Model& model, const SafeTensors& inputs, Index count) {
  return first_images(model, inputs, start_name, count);
}

}  // namespace robmask
