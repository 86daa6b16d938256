#include "tools/robmask/alike.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "data/files/fingerprint.h"
#include "engine/shape.h"
#include "tools/robmask/options/option.h"
#include "training/terminal.h"

namespace robmask {

void require_same_machines(Processes& processes, const std::string& machine) {
  const std::vector<std::string> all = processes.gather(machine);
  for (std::size_t p = 1; p < all.size(); ++p)
    require(
        all[p].starts_with("cuda") == all[0].starts_with("cuda"),
        "process {} computes on {}, process 0 on {}: expected CPUs or GPUs alone; give `device`", p,
        all[p], all[0]);
}

void require_alike(Processes& processes, const Json& options, const Json& facts,
                   const std::string& kernels) {
  if (processes.count() == 1) return;
  Json mine = facts;
  constexpr auto own = std::to_array<std::string_view>(
      {"device", "threads", "quiet", "json", "kernels", "patience"});
  for (const auto& [name, value] : options.items())
    if (std::ranges::count(own, name) == 0) mine[name] = value;
  mine["the program"] = fingerprint("/proc/self/exe");
  const std::vector<std::string> all = processes.gather(mine.dump());
  const Json first = Json::parse(all[0]);
  for (std::size_t p = 1; p < all.size(); ++p) {
    const Json theirs = Json::parse(all[p]);
    for (const auto& [what, value] : first.items()) {
      const Json other = theirs.value(what, Json());
      require(other == value,
              "{}{}: expected the same in all processes, process {} has {}, process 0 has {}",
              options.contains(what) ? "--" : "", what, p, printable(Options::text_of(other)),
              printable(Options::text_of(value)));
    }
  }
  const std::vector<std::string> theirs = processes.gather(kernels);
  for (std::size_t p = 1; p < theirs.size(); ++p)
    if (theirs[p] != theirs[0])
      return warn(
          fmt::format("process {} computes with kernels {}, process 0 with {}: a run on other "
                      "processes will not have the same bits",
                      p, theirs[p], theirs[0]));
}

}  // namespace robmask
