#include "training/epoch_log.h"

#include "data/files/atomic_file.h"
#include "data/files/csv.h"

namespace robmask {

namespace {

std::string cell(double v) { return fmt::format("{:.6g}", v); }
std::string cell(const std::optional<double>& v) { return v ? cell(*v) : ""; }

}  // namespace

void append_epoch(const std::filesystem::path& log, const EpochSummary& e) {
  if (!std::filesystem::exists(log))
    append_line(log, csv_line({"epoch", "lr", "train_loss", "loss_clean", "loss_adv", "train_acc",
                               "test_acc", "test_acc_mask_max", "seconds", "probe_training_attack",
                               "probe_pgd"}));
  append_line(log, csv_line({std::to_string(e.epoch), cell(e.lr), cell(e.train_loss),
                             cell(e.loss_clean), cell(e.loss_adv), cell(e.train_acc),
                             cell(e.test_acc), cell(e.test_acc_mask_max), cell(e.seconds),
                             cell(e.probe_training_attack), cell(e.probe_pgd)}));
}

std::optional<EpochSummary> last_epoch(const std::filesystem::path& log, Index up_to) {
  if (!std::filesystem::exists(log)) return {};
  const CsvTable table = read_csv(log);
  const auto epoch_of = [&](const CsvRow& row) { return table.whole(row, "epoch", log.string()); };
  const CsvRow* last = nullptr;
  for (const CsvRow& row : table.rows)
    if (epoch_of(row) <= up_to) last = &row;
  if (last == nullptr) return {};
  const auto maybe = [&](std::string_view column) {
    return table.number(*last, column, log.string());
  };
  const auto number = [&](std::string_view column) { return maybe(column).value_or(0); };
  return EpochSummary{.epoch = epoch_of(*last),
                      .lr = number("lr"),
                      .train_loss = number("train_loss"),
                      .loss_clean = number("loss_clean"),
                      .loss_adv = number("loss_adv"),
                      .train_acc = number("train_acc"),
                      .test_acc = maybe("test_acc"),
                      .test_acc_mask_max = maybe("test_acc_mask_max"),
                      .seconds = number("seconds"),
                      .probe_training_attack = maybe("probe_training_attack"),
                      .probe_pgd = maybe("probe_pgd")};
}

}  // namespace robmask
