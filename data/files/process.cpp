#include "data/files/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

#include "engine/check.h"

namespace robmask {
namespace {

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Closer>;

[[noreturn]] void refuse(const std::string& program) {
  throw RunError(fmt::format("{}: {}", program, std::strerror(errno)));
}

/// In the child: a process group of its own, so that Ctrl-C reaches it once, through its parent.
[[noreturn]] void become(char* const* words, pid_t parent, const std::array<int, 3>& files) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  bool ready = ::getppid() == parent;
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream)
    ready = ready && ::dup2(files[stream], stream) >= 0;
  if (ready) ::execvp(words[0], words);
  ::_exit(127);
}

/// Reads standard error to its end, and hands a signal on.
std::string listen(int errors, pid_t child, const Listening& listening) {
  constexpr int patience = 100;  // milliseconds between two looks for a signal
  std::string text;
  std::array<char, 4096> chunk;
  for (bool told = false;;) {
    pollfd end{errors, POLLIN, 0};
    const bool some = ::poll(&end, 1, patience) > 0;
    if (const int signal = told ? 0 : listening.signal_of()) told = ::kill(child, signal) == 0;
    if (!some) continue;
    const ssize_t got = ::read(errors, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (listening.show_errors) std::fwrite(chunk.data(), 1, static_cast<std::size_t>(got), stderr);
  }
}

}  // namespace

Ended run_process(const std::vector<std::string>& command, std::string_view text,
                  const Listening& listening) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  // Nameless files where it need not be followed: neither side can wait for the other.
  const File input(std::tmpfile()), output(std::tmpfile());
  if (!input || !output) refuse(command[0]);
  // An empty view may point nowhere, from where nothing can be written, not even nothing.
  if (!text.empty() && std::fwrite(text.data(), text.size(), 1, input.get()) != 1)
    refuse(command[0]);
  if (std::fflush(input.get()) != 0) refuse(command[0]);
  std::rewind(input.get());
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) refuse(command[0]);
  const File errors(::fdopen(ends[0], "r"));
  const pid_t parent = ::getpid(), child = ::fork();
  if (child == 0)
    become(words.data(), parent, {::fileno(input.get()), ::fileno(output.get()), ends[1]});
  ::close(ends[1]);
  if (child < 0) refuse(command[0]);

  Ended ended;
  ended.errors = listen(ends[0], child, listening);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  ended.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  std::array<char, 4096> chunk;
  std::rewind(output.get());
  while (const auto got = std::fread(chunk.data(), 1, chunk.size(), output.get()))
    ended.output.append(chunk.data(), got);
  return ended;
}

}  // namespace robmask
