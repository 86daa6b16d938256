// What is said when a kernel fails. The device reports that some time after it was started, to
// whoever asks it for something next, so the last one started is remembered.

#include <cxxabi.h>

#include <cstdlib>
#include <string_view>

#include "engine/cuda/gpu.h"

namespace robmask::gpu {

namespace {

// As std::type_info names it; nullptr if a graph was started after it.
thread_local const char* last_started = nullptr;
thread_local bool replayed = false;  // some graph was started

}  // namespace

bool one_by_one() {
  const char* value = std::getenv("ROBMASK_SYNC");
  return value != nullptr && std::string_view(value) == "1";
}

void started(Stream stream, const char* type) {
  last_started = type;
  if (one_by_one()) synchronize(stream);
}

void started_graph() {
  last_started = nullptr;
  replayed = true;
}

std::string kernel_name(const char* type) {
  char* text = abi::__cxa_demangle(type, nullptr, nullptr, nullptr);
  std::string name = text == nullptr ? type : text;
  std::free(text);
  for (const std::string_view part : {"robmask::", "(anonymous namespace)::", "cuda::"})
    for (std::size_t at; (at = name.find(part)) != std::string::npos;) name.erase(at, part.size());
  return name;
}

void throw_failure(const std::string& why) {
  std::string last = last_started == nullptr ? "" : kernel_name(last_started);
  if (one_by_one()) throw RunError(fmt::format("kernel {} failed on the GPU: {}", last, why));
  if (replayed)
    last += last.empty() ? "inside a replayed iteration" : " behind a replayed iteration";
  throw RunError(
      fmt::format("a kernel failed on the GPU: {}; the last one started was {}, and "
                  "ROBMASK_SYNC=1 in the environment tells which one it is",
                  why, last.empty() ? "none" : last));
}

}  // namespace robmask::gpu
