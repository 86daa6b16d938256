#include "tests/fuzz/fuzzer.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>

#include "data/files/one_line.h"
#include "engine/threads.h"
#include "training/terminal.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace robmask::fuzz {

namespace {

std::map<std::string, const Reader*>& readers() {
  static std::map<std::string, const Reader*> all;
  return all;
}

const Reader* chosen = nullptr;

class ScratchFolder {
 public:
  ScratchFolder() { std::filesystem::create_directories(path_); }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const Path& path() const { return path_; }

 private:
  const Path path_ =
      std::filesystem::temp_directory_path() / fmt::format("robmask-fuzz-{}", ::getpid());
};

void choose(const std::string& name) {
  const auto at = readers().find(name);
  if (at == readers().end()) {
    std::fputs("expected to be called by the name of a reader:", stderr);
    for (const auto& [known, reader] : readers()) std::fprintf(stderr, " %s", known.c_str());
    std::fputs("\n", stderr);
    std::_Exit(2);
  }
  chosen = at->second;
}

}  // namespace

Reader::Reader(const char* name, void (*read)(std::string_view), Mutate mutate)
    : name(name), read(read), mutate(mutate) {
  readers().emplace(name, this);
}

std::string other_bytes(std::string input, std::size_t most, Random&) {
  const std::size_t size = std::min(input.size(), most);
  input.resize(most);
  input.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(input.data()), size, most));
  return input;
}

const Path& scratch() {
  static const ScratchFolder folder;
  return folder.path();
}

Path put(const Path& name, std::string_view content) {
  const Path path = scratch() / name;
  std::ofstream file(path, std::ios::binary);
  check(!!(file << content << std::flush), "room for the input: is the scratch folder gone?");
  return path;
}

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "finding: expected %s\n", what);
  std::abort();
}

void check_refusal(std::string_view message, std::string_view named) {
  constexpr std::size_t longest = 2100;
  const std::string line = one_line(message);
  if (!message.empty() && line.size() <= longest && line.find('\n') == std::string::npos &&
      line.find(named) != std::string::npos)
    return;
  std::fprintf(stderr, "finding: expected one short line with \"%s\", got %zu bytes: %s\n",
               std::string(named).c_str(), line.size(), line.c_str());
  std::abort();
}

}  // namespace robmask::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char*** words) {
  robmask::fuzz::choose(robmask::Path((*words)[0]).filename().string());
  robmask::set_quiet(true);
  robmask::set_thread_count(1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  robmask::fuzz::chosen->read({reinterpret_cast<const char*>(data), size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  robmask::fuzz::Random random(seed);
  const std::string changed =
      robmask::fuzz::chosen->mutate({reinterpret_cast<const char*>(data), size}, most, random);
  const std::size_t kept = std::min(changed.size(), most);
  std::copy_n(changed.begin(), kept, data);
  return kept;
}
