#include "tools/robmask/reproduce/cost.h"

#include "data/files/json.h"
#include "training/manners.h"

namespace robmask::reproduce {

std::optional<double> Cost::seconds(const Work& work) {
  constexpr double start_up = 0.5;  // of a command: loading weights and images
  if (work.model.empty()) return start_up;
  const Job bench = commands_.bench(work);
  if (!runner_.run(bench).empty()) return {};
  const Json speed = read_json(bench.result());
  const auto seconds_an_image = [&](const char* step) {
    return speed.at(step).get<double>() / static_cast<double>(Commands::bench_batch);
  };
  // The bench of resnet18-imagenet sees 224 pixels a side, of the others 32.
  const double benched = work.model == "resnet18-imagenet" ? 224 : 32;
  const double area = static_cast<double>(work.side * work.side) / (benched * benched);
  return start_up + area * (work.trained * seconds_an_image("train_step_seconds") +
                            work.attacked * seconds_an_image("pgd_step_seconds"));
}

std::string cost_line(const std::vector<Job>& jobs, Cost& cost) {
  std::size_t trainings = 0;
  double total = 0;
  bool known = true;
  for (const Job& job : jobs) {
    trainings += job.work.trained > 0;
    const std::optional<double> seconds = cost.seconds(job.work);
    known = known && seconds;
    total += seconds.value_or(0);
  }
  return fmt::format("{} trainings and {} other commands are missing{}", trainings,
                     jobs.size() - trainings,
                     known ? ", about " + duration_text(total) : ", for a time not known");
}

}  // namespace robmask::reproduce
