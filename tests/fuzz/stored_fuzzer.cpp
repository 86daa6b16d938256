// config.json of a run, as --resume and the commands that read a run take it.

#include "tests/fuzz/mutators.h"
#include "tools/robmask/options/command_line.h"

namespace robmask::fuzz {

const Reader stored(
    "stored",
    [](std::string_view input) {
      static const Path run = scratch() / "run";
      std::filesystem::create_directories(run);
      put("run/config.json", input);
      accepted("", [&] {
        CommandLine line = parse({"train", "--resume", "--out", run.string()});
        resolve(line, "cpu");
      });
      accepted("config.json", [&] {
        CommonSettings common = common_of_reader();
        follow_data(common, run);
      });
    },
    other_json);

}  // namespace robmask::fuzz
