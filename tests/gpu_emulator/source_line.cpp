#include "tests/gpu_emulator/source_line.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <ucontext.h>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>

namespace robmask::gpu::emulated {

namespace {

const void* instruction([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  return reinterpret_cast<const void*>(registers[REG_RIP]);
#else
  return nullptr;
#endif
}

}  // namespace

std::string at_source_line(const void* context) {
  const void* address = instruction(context);
  Dl_info program;
  if (dladdr(address, &program) == 0) return {};
  const std::ptrdiff_t offset =
      static_cast<const std::byte*>(address) - static_cast<const std::byte*>(program.dli_fbase);
  const std::string ask = fmt::format("addr2line -i -e '{}' {:#x}", program.dli_fname, offset);
  const std::unique_ptr<FILE, int (*)(FILE*)> answer(popen(ask.c_str(), "r"), pclose);
  if (!answer) return {};
  std::string lines;
  char buffer[4096];
  while (fgets(buffer, sizeof buffer, answer.get()) != nullptr) {
    // FILE:LINE, of several pieces of one line " (discriminator N)"; "??:0" if there is none.
    const std::string line(buffer, std::strcspn(buffer, " \n"));
    const bool starts_threads = line.find("gpu_emulated.h:") != std::string::npos;
    if (line.starts_with("??") || starts_threads) break;
    lines += (lines.empty() ? " at " : ", called from ") + line;
  }
  return lines;
}

}  // namespace robmask::gpu::emulated
