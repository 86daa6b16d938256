// Tables, and the log of a run.

#include "data/files/csv.h"
#include "tests/fuzz/fuzzer.h"
#include "training/epoch_log.h"

namespace robmask::fuzz {

const Reader csv("csv", [](std::string_view input) {
  const Path path = put("log.csv", input);
  CsvTable table;
  if (!accepted("log.csv", [&] { table = read_csv(path); })) return;
  accepted("log.csv", [&] { logged_epochs(path, 3); });
  if (!accepted("log.csv", [&] { truncate_log(path, 3); })) return;
  const CsvTable kept = read_csv(path);
  check(kept.columns == table.columns && kept.rows.size() <= table.rows.size(),
        "a log to keep its columns where it is cut");
});

}  // namespace robmask::fuzz
