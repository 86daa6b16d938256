#include "training/best_model.h"

#include "training/metadata.h"

namespace robmask {

namespace {

constexpr const char* epoch_key = "epoch";
constexpr const char* accuracy_key = "test_accuracy";

}  // namespace

void save_best(const std::filesystem::path& file, const Model& model, const CheckpointInfo& info,
               const BestEpoch& best) {
  save_model(file, model, info, 0,
             {{epoch_key, std::to_string(best.epoch)},
              {accuracy_key, fmt::format("{}", best.test_accuracy)}});
}

std::optional<BestEpoch> best_before(const std::filesystem::path& file, Index next) {
  if (!std::filesystem::exists(file)) return {};
  const SafeTensors weights = read_safetensors(file);
  const Metadata said(weights);
  constexpr Index unsaid = -1;
  const Index epoch = said.whole(epoch_key, unsaid);
  const std::vector<double> accuracy = said.numbers(accuracy_key, 1, 0, 1);
  if (epoch == unsaid) said.refuse(epoch_key, "a whole number");
  if (accuracy.empty()) said.refuse(accuracy_key, "a number from 0 to 1");
  if (epoch >= next) return {};
  return BestEpoch{epoch, accuracy.front()};
}

}  // namespace robmask
