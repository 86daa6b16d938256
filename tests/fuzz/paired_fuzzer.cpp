// The per-image table that --against reads.

#include "tests/fuzz/fuzzer.h"
#include "tools/robmask/paired.h"

namespace robmask::fuzz {

const Reader paired("paired", [](std::string_view input) {
  static const CsvRow columns{"mask", "attack", "norm", "eps", "image", "label", "robust"};
  static const std::vector<CsvRow> rows{{"0", "pgd", "linf", "8/255", "0", "7", "1"},
                                        {"0", "pgd", "linf", "8/255", "1", "7", "0"}};
  const Path path = put("other.csv", input);
  accepted("other.csv", [&] { PairedEvaluation(path).against({columns, rows}); });
});

}  // namespace robmask::fuzz
