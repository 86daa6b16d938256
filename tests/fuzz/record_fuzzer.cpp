// Files of records, as a killed run leaves them and a resumed one goes on in them.

#include "data/files/record_file.h"
#include "tests/fuzz/fuzzer.h"

namespace robmask::fuzz {

const Reader record("record", [](std::string_view input) {
  const Path path = put("records", input);
  const Index kept = keep_records(path, 3);
  const std::string whole = read_text(path);
  check(kept <= 3 && input.starts_with(whole), "the first records to stay as they are");
  append_record(path, "next");
  check(keep_records(path, kept) == kept && read_text(path) == whole,
        "what is kept to be whole records");
});

}  // namespace robmask::fuzz
