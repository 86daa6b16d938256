#include "engine/backend.h"

#include <map>
#include <mutex>

namespace robmask {

std::unique_ptr<Backend> make_cpu_backend();  // engine/cpu.cpp

Backend& backend(const std::string& name) {
  static std::mutex guard;
  static std::map<std::string, std::unique_ptr<Backend>> machines;
  const std::lock_guard lock(guard);
  auto& machine = machines[name];
  if (!machine) {
    if (name == "cpu") {
      machine = make_cpu_backend();
    } else {
      require(name == "cuda" || name.starts_with("cuda:"),
              "unknown device \"{}\": expected cpu, cuda or cuda:N", name);
      throw Unavailable(
          fmt::format("device {}: this build has no CUDA backend; use --device cpu", name));
    }
  }
  return *machine;
}

}  // namespace robmask
