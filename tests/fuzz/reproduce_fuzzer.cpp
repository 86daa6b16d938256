// What reproduce reads of its finished jobs: the JSON of an evaluation.

#include "tests/fuzz/mutators.h"
#include "tools/robmask/reproduce/findings.h"

namespace robmask::fuzz {

const Reader results(
    "reproduce",
    [](std::string_view input) {
      using namespace reproduce;
      static const ReproduceSettings settings = [] {
        ReproduceSettings s;
        s.common.device = "cpu";
        s.common.out = scratch().string();
        return s;
      }();
      static const Commands commands(settings);
      static const Reading robust{.of = {{.mask = "1", .attack = "pgd", .eps = "8/255"}}};
      static const Path result = commands.jobs(robust).front().result();
      std::filesystem::create_directories(result.parent_path());
      put(result, input);
      accepted(result.string(), [&] { find(robust, commands); });
    },
    other_json);

}  // namespace robmask::fuzz
