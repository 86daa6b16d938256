// A configuration file in TOML.

#include "tests/fuzz/fuzzer.h"
#include "tools/robmask/options/command_line.h"
#include "tools/robmask/options/config_file.h"

namespace robmask::fuzz {

const Reader config("config", [](std::string_view input) {
  const Path path = put("config.toml", input);
  if (accepted("config.toml", [&] { read_config_file(path, "train"); }))
    accepted("", [&] { parse({"evaluate", "--from", "x", "--config", path.string()}); });
});

}  // namespace robmask::fuzz
