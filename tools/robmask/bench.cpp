// robmask bench: how long a training step, a PGD step and a RobMask iteration take.

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "engine/backend.h"
#include "tools/robmask/bench_inputs.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/primitive_times.h"
#include "tools/robmask/text_table.h"
#include "tools/robmask/workloads.h"
#include "training/terminal.h"

namespace robmask {

namespace {

struct Timing {
  double median = 0, fastest = 0;  // seconds
};

/// The timed runs, after two that warm up (the second meets memory that the first has not touched),
/// or three where the third is recorded and the others are replayed.
Timing timing(const BenchSettings& s, Workload workload, const std::string& what) {
  const auto timed = make_timed(workload, s, bench_inputs(s), s.batch);
  const Index warm_up = s.replay && s.common.device != "cpu" ? 3 : 2;
  Progress progress(what, warm_up + s.repeats, "run");
  std::vector<double> seconds;
  for (Index i = 0; i < warm_up + s.repeats; ++i) {
    stop_if_interrupted();
    const double taken = timed->run(1);
    if (i >= warm_up) seconds.push_back(taken);
    progress.update(i + 1);
  }
  std::sort(seconds.begin(), seconds.end());
  const std::size_t half = seconds.size() / 2;
  return {seconds.size() % 2 ? seconds[half] : (seconds[half - 1] + seconds[half]) / 2, seconds[0]};
}

/// Where the time of a workload goes, by primitive and shape: one run after those that warm up, the
/// costliest first.
void time_primitives(BenchSettings s, Workload workload, const std::string& what, Json& json,
                     std::string& text) {
  PrimitiveTimes times(machine_of(s.common));
  s.machine = &times;
  const auto timed = make_timed(workload, s, bench_inputs(s), s.batch);
  timed->run(2);
  times.reset();
  const double whole = timed->run(1);
  std::vector<std::pair<std::string, PrimitiveTimes::Time>> sorted(times.times().begin(),
                                                                   times.times().end());
  std::ranges::sort(sorted, std::greater{}, [](const auto& entry) { return entry.second.seconds; });
  TextTable table{.title = {}, .head = {what, "calls", "ms", "share", "GFLOP/s"}, .rows = {}};
  for (const auto& [name, time] : sorted) {
    json.push_back({{"primitive", name},
                    {"calls", time.calls},
                    {"seconds", time.seconds},
                    {"multiply_adds", time.products}});
    if (time.seconds < 0.001 * whole) continue;  // in the JSON only
    table.rows.push_back(
        {name, fmt::format("{}", time.calls), fmt::format("{:.2f}", 1e3 * time.seconds),
         fmt::format("{:.1f} %", 100 * time.seconds / whole),
         time.products > 0 ? fmt::format("{:.0f}", 2e-9 * time.products / time.seconds) : ""});
  }
  text += "\n" + as_text(table);
}

/// VmHWM: the most memory this process has held.
Index resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

/// The key of the JSON, and what people call it.
const std::map<Workload, std::pair<std::string, std::string>> words{
    {Workload::train, {"train_step_seconds", "training step"}},
    {Workload::pgd, {"pgd_step_seconds", "PGD step"}},
    {Workload::robmask, {"robmask_iteration_seconds", "RobMask iteration"}}};

class Bench final : public Command {
 public:
  CommonSettings& common() override { return s_.common; }
  Precision precision_on_cuda() const override { return Precision::bf16; }

  void add_options(Options& o) override {
    o.add("workload", s_.workloads, "list of what to time");
    o.add("repeats", s_.repeats, "timed runs, of which the median counts", from_to(1, 100'000));
    o.add("save", s_.save, "write weights and a batch to this file, and time nothing");
    o.add("init", s_.init, "begin with the weights and images of such a file");
    o.flag("worker", s_.worker, "do as lines on standard input say (tools/bench/gpu_bench.py)");
    add_batch(o, s_.batch);
    o.flag("primitives", s_.primitives, "where the time goes, by primitive and shape (on the CPU)");
    o.add("halves", s_.halves, "clean and adversarial images: one batch, or two with less memory");
    add_replay(o, s_.replay);
    add_network(o, s_.network);
    add_common(o, s_.common);
  }

  void resolve() override { resolve_network(s_.network); }

  int run() override {
    require_output_file("save", s_.save, {".safetensors"});
    Backend& machine = machine_of(s_.common);
    require(!s_.primitives || machine.name() == "cpu",
            "--primitives: expected `device` cpu, got {}, whose calls return before they are done",
            machine.name());
    if (!s_.save.empty()) save_bench_inputs(s_);
    if (s_.worker) serve(s_);
    if (s_.worker || !s_.save.empty()) return 0;
    Json json{{"model", *s_.network.model},
              {"width", *s_.network.width},
              {"batch", s_.batch},
              {"device", machine.name()},
              {"kernels", machine.kernels()},
              {"precision", to_string(*s_.common.precision)},
              {"replay", s_.replay},
              {"halves", to_string(s_.halves)},
              {"threads", s_.common.threads}};
    std::string text = fmt::format("{} batch {} on {} ({}), {}, {} thread(s)\n", *s_.network.model,
                                   s_.batch, machine.name(), machine.kernels(),
                                   to_string(*s_.common.precision), s_.common.threads);
    for (const Workload workload : s_.workloads) {
      const auto& [key, what] = words.at(workload);
      const auto [seconds, fastest] = timing(s_, workload, what);
      json[key] = seconds;
      json["fastest"][key] = fastest;
      text += fmt::format("  {:<18} {:9.4f} s   {:8.1f} images/s\n", what, seconds,
                          static_cast<double>(s_.batch) / seconds);
      log("{} {:.4f} s", what, seconds);
    }
    std::string tables;
    if (s_.primitives)
      for (const Workload workload : s_.workloads)
        time_primitives(s_, workload, words.at(workload).second,
                        json["primitives"][to_string(workload)], tables);
    const Index used = static_cast<Index>(machine.peak_used()),
                held = static_cast<Index>(machine.peak_held()),
                peak = machine.name() == "cpu" ? resident_bytes() : held;
    json["peak_memory_bytes"] = peak;
    json["peak_tensor_bytes"] = used;
    json["peak_held_bytes"] = held;
    const auto mebibytes = [](Index bytes) { return static_cast<double>(bytes) / (1 << 20); };
    text += fmt::format("  peak memory {:.0f} MiB: {:.0f} in tensors, {:.0f} held for them\n",
                        mebibytes(peak), mebibytes(used), mebibytes(held));
    print_result(s_.common, json, text + tables);
    return 0;
  }

 private:
  BenchSettings s_;
};

}  // namespace

std::unique_ptr<Command> bench() { return std::make_unique<Bench>(); }

}  // namespace robmask
