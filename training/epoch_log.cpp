#include "training/epoch_log.h"

#include "data/files/atomic_file.h"
#include "data/files/csv.h"

namespace robmask {

namespace {

/// Calls visit(name, value) for each column behind that of the epoch.
template <class Summary, class F>
void each_column(Summary& e, const F& visit) {
  visit("lr", e.lr);
  visit("train_loss", e.train_loss);
  visit("loss_clean", e.loss_clean);
  visit("loss_adv", e.loss_adv);
  visit("train_acc", e.train_acc);
  visit("test_acc", e.test_acc);
  visit("test_acc_mask_max", e.test_acc_mask_max);
  visit("seconds", e.seconds);
  visit("probe_training_attack", e.probe_training_attack);
  visit("probe_pgd", e.probe_pgd);
}

}  // namespace

void append_epoch(const std::filesystem::path& log, const EpochSummary& e) {
  CsvRow names{"epoch"}, cells{std::to_string(e.epoch)};
  each_column(e, [&](const char* name, const std::optional<double>& value) {
    names.emplace_back(name);
    cells.push_back(value ? fmt::format("{:.6g}", *value) : "");
  });
  if (!std::filesystem::exists(log)) append_line(log, csv_line(names));
  append_line(log, csv_line(cells));
}

std::vector<EpochSummary> logged_epochs(const std::filesystem::path& log, Index up_to) {
  std::vector<EpochSummary> epochs;
  if (!std::filesystem::exists(log)) return epochs;
  const CsvTable table = read_csv(log);
  for (const CsvRow& row : table.rows) {
    EpochSummary summary{.epoch = table.whole(row, "epoch", log.string())};
    if (summary.epoch > up_to) continue;
    each_column(summary, [&]<class T>(const char* name, T& value) {
      const std::optional<double> number = table.number(row, name, log.string());
      if constexpr (std::is_same_v<T, double>)
        value = number.value_or(0);
      else
        value = number;
    });
    epochs.push_back(summary);
  }
  return epochs;
}

}  // namespace robmask
