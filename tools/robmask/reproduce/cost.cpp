#include "tools/robmask/reproduce/cost.h"

#include "data/files/json.h"
#include "tools/robmask/reproduce/process.h"
#include "training/manners.h"

namespace robmask::reproduce {

std::optional<Cost::Speed> Cost::speed(const Work& work) {
  const std::vector<std::string> words = commands_.bench(work);
  const auto [known, is_new] = measured_.try_emplace(words);
  if (!is_new) return known->second;
  std::vector<std::string> command{program_};
  command.insert(command.end(), words.begin(), words.end());
  const Ended ended = run_process(command);
  stop_if_interrupted();
  if (ended.code != 0) return {};
  const Json bench = parse_json(ended.output, "robmask bench");
  // The fastest of its repeats, which other work of the machine has held up least.
  const auto seconds_an_image = [&](const char* step) {
    return bench.at("fastest").at(step).get<double>() / bench.at("batch").get<double>();
  };
  known->second = {seconds_an_image("train_step_seconds"), seconds_an_image("pgd_step_seconds")};
  return known->second;
}

std::optional<double> Cost::seconds(const Work& work) {
  constexpr double start_up = 0.5;  // of a command: loading weights and images
  if (work.model.empty()) return start_up;
  const std::optional<Speed> an_image = speed(work);
  if (!an_image) return {};
  // The bench of resnet18-imagenet sees 224 pixels a side, of the others 32.
  const double benched = work.model == "resnet18-imagenet" ? 224 : 32;
  const double area = static_cast<double>(work.side * work.side) / (benched * benched);
  return start_up + area * (work.trained * an_image->trained + work.attacked * an_image->attacked);
}

std::string cost_line(const std::vector<Job>& jobs, Cost& cost) {
  std::size_t trainings = 0;
  double total = 0;
  bool known = true;
  for (const Job& job : jobs) {
    trainings += job.arguments[0] == "train" || job.arguments[0] == "finetune";
    const std::optional<double> seconds = cost.seconds(job.work);
    known = known && seconds;
    total += seconds.value_or(0);
  }
  return fmt::format("{} trainings and {} other commands are missing{}", trainings,
                     jobs.size() - trainings,
                     known ? ", about " + duration_text(total) : ", for a time not known");
}

}  // namespace robmask::reproduce
