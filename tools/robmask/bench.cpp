// robmask bench: how long a training step, a PGD step and a RobMask iteration take.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <numeric>

#include "attacks/pgd.h"
#include "engine/backend.h"
#include "tools/robmask/commands.h"
#include "tools/robmask/session.h"
#include "training/manners.h"
#include "training/recipe.h"
#include "training/sgd.h"

namespace robmask {

namespace {

struct Timing {
  double median = 0, fastest = 0;  // seconds
};

/// The timed runs of `work`, after one that warms up, or two where the second is recorded and the
/// others are replayed.
Timing timing(const Backend& machine, const BenchSettings& s, const std::function<void()>& work) {
  const Index warm_up = s.replay && machine.name() != "cpu" ? 2 : 1;
  std::vector<double> seconds;
  for (Index i = 0; i < warm_up + s.repeats; ++i) {
    stop_if_interrupted();
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    if (i >= warm_up) seconds.push_back(taken.count());
  }
  std::sort(seconds.begin(), seconds.end());
  const std::size_t half = seconds.size() / 2;
  return {seconds.size() % 2 ? seconds[half] : (seconds[half - 1] + seconds[half]) / 2, seconds[0]};
}

/// VmHWM: the most memory this process has held.
Index peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

/// What the model was made for.
struct Task {
  Index side, classes;
};
Task task_of(const std::string& model) {
  return model == "resnet18-imagenet" ? Task{224, 1000} : Task{32, 10};
}

/// Random images and labels.
Batch random_batch(Backend& machine, DType dtype, const BenchSettings& s, const Task& task) {
  const Shape shape{s.batch, task.side, task.side, 3};
  Batch batch{Tensor(machine, shape, dtype), {}, {}};
  const Stream stream{.seed = s.common.seed, .purpose = Purpose::synthetic};
  dispatch(dtype, [&]<class T>() {
    std::vector<T> pixels(shape.count());
    for (std::size_t i = 0; i < pixels.size(); ++i)
      pixels[i] = random_uniform<T>(stream, static_cast<std::uint32_t>(i));
    batch.images.from_host(pixels);
  });
  std::vector<std::int32_t> ids(s.batch), labels;
  std::iota(ids.begin(), ids.end(), 0);
  for (const std::int32_t id : ids) labels.push_back(id % static_cast<std::int32_t>(task.classes));
  batch.labels = make_tensor(machine, {s.batch, 1, 1, 1}, labels);
  batch.ids = make_tensor(machine, {s.batch, 1, 1, 1}, ids);
  return batch;
}

/// An iteration of `method` with the defaults of train: attack, forward, backward, update.
Timing iteration_timing(Backend& machine, const BenchSettings& s, Method method) {
  TrainSettings train;
  train.common = s.common;
  train.method = method;
  train.model.masks = method == Method::robmask ? 2 : 1;
  const MaskCounts counts = mask_counts(train);
  const Task task = task_of(*s.model.model);
  const Model model(machine, maps_of(s.common),
                    {.name = *s.model.model,
                     .width = *s.model.width,
                     .classes = task.classes,
                     .masks = counts.masks,
                     .pairs = counts.pairs},
                    s.common.seed);
  const Batch batch = random_batch(machine, model.dtype(), s, task);
  const auto recipe = make_recipe(train, model);
  Sgd sgd(model.parameters(), train.momentum, train.weight_decay);
  sgd.set_rate(1e-3);
  Totals totals(machine);
  std::vector<std::int32_t> ids = batch.ids.to_host<std::int32_t>();
  Index step = 0;
  const auto iterate = [&] {
    recipe->step(batch, totals);
    sgd.step();
  };
  Replay iteration(machine, iterate, s.replay);
  return timing(machine, s, [&] {
    recipe->prepare(step++, ids);
    iteration();
    totals.loss.item();  // waits for the machine
  });
}

/// One PGD step: eval statistics, forward and the gradient of the images.
Timing pgd_timing(Backend& machine, const BenchSettings& s) {
  const Task task = task_of(*s.model.model);
  const Model model(machine, maps_of(s.common),
                    {.name = *s.model.model, .width = *s.model.width, .classes = task.classes},
                    s.common.seed);
  const Batch batch = random_batch(machine, model.dtype(), s, task);
  const Context context = model.eval(s.batch, 0);
  const Tensor x_adv(machine, batch.images.shape(), model.dtype());
  machine.copy(x_adv, batch.images);
  const double eps = 8.0 / 255;
  const Ball ball = make_ball(machine, model.dtype(), Norm::linf, {eps}, {eps / 5});
  const auto attack = [&] {
    pgd(x_adv, batch.images, ball, 1, [&](const Variable& images) {
      return cross_entropy(model.logits(images, context), batch.labels);
    });
  };
  Replay step(machine, attack, s.replay);
  return timing(machine, s, [&] {
    step();
    x_adv.item();  // waits for the machine
  });
}

}  // namespace

int run_bench(const BenchSettings& s) {
  Backend& machine = machine_of(s.common);
  Json json{{"model", *s.model.model},
            {"width", *s.model.width},
            {"batch", s.batch},
            {"device", machine.name()},
            {"kernels", machine.kernels()},
            {"precision", to_string(*s.common.precision)},
            {"replay", s.replay},
            {"threads", s.common.threads}};
  std::string text = fmt::format("{} batch {} on {} ({}), {}, {} thread(s)\n", *s.model.model,
                                 s.batch, machine.name(), machine.kernels(),
                                 to_string(*s.common.precision), s.common.threads);
  const auto note = [&](const std::string& key, const std::string& what, const Timing& timing) {
    const double seconds = timing.median;
    json[key] = seconds;
    json["fastest"][key] = timing.fastest;
    text += fmt::format("  {:<18} {:9.4f} s   {:8.1f} images/s\n", what, seconds,
                        static_cast<double>(s.batch) / seconds);
    log("{} {:.4f} s", what, seconds);
  };
  for (const Workload workload : s.workloads) {
    if (workload == Workload::train)
      note("train_step_seconds", "training step", iteration_timing(machine, s, Method::standard));
    if (workload == Workload::pgd) note("pgd_step_seconds", "PGD step", pgd_timing(machine, s));
    if (workload == Workload::robmask)
      note("robmask_iteration_seconds", "RobMask iteration",
           iteration_timing(machine, s, Method::robmask));
  }
  const Index peak =
      machine.name() == "cpu" ? peak_memory_bytes() : static_cast<Index>(machine.peak_held());
  json["peak_memory_bytes"] = peak;
  text += fmt::format("  peak memory {:.0f} MiB\n", static_cast<double>(peak) / (1 << 20));
  print_result(s.common, json, text);
  return 0;
}

}  // namespace robmask
