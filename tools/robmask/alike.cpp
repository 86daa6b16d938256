#include "tools/robmask/alike.h"

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

void require_alike(Processes& processes, const Json& config, const std::vector<std::string>& data,
                   Index iteration) {
  if (processes.count() == 1) return;
  Json mine = config;
  for (const char* own : {"device", "threads", "quiet", "json", "kernels"}) mine.erase(own);
  mine["the program"] = fingerprint("/proc/self/exe");
  mine["the training images"] = data.at(0);
  mine["the test images"] = data.at(1);
  mine["the iteration to go on from"] = iteration;
  const std::vector<std::string> all = processes.gather(mine.dump());
  const Json first = Json::parse(all[0]);
  for (std::size_t p = 1; p < all.size(); ++p) {
    const Json theirs = Json::parse(all[p]);
    for (const auto& [what, value] : first.items()) {
      const Json other = theirs.value(what, Json());
      require(other == value,
              "{}{}: expected the same in all processes, process {} has {}, process 0 has {}",
              config.contains(what) ? "--" : "", what, p, printable(Options::text_of(other)),
              printable(Options::text_of(value)));
    }
  }
  const std::vector<std::string> kernels = processes.gather(config.value("kernels", ""));
  for (std::size_t p = 1; p < kernels.size(); ++p)
    if (kernels[p] != kernels[0])
      return warn(
          fmt::format("process {} computes with kernels {}, process 0 with {}: a run on other "
                      "processes will not have the same bits",
                      p, kernels[p], kernels[0]));
}

}  // namespace robmask
