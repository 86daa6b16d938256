#include "data/files/json.h"
#include "tests/fuzz/mutators.h"

namespace robmask::fuzz {

const Reader json(
    "json",
    [](std::string_view input) {
      check_refusal("x" + std::string(input), "x");
      Json document;
      if (!accepted("a file", [&] { document = parse_json(input, "a file"); })) return;
      check(parse_json(json_line(document), "again") == document, "to read again what was written");
      accepted("", [&] { whole_number(document, -7, 1'000'000); });
    },
    other_json);

}  // namespace robmask::fuzz
