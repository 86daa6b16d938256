#include "tools/robmask/reproduce/process.h"

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

#include "engine/check.h"
#include "training/manners.h"

namespace robmask::reproduce {

namespace {

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0)
      throw RunError(fmt::format("no pipe to another program: {}", std::strerror(errno)));
  }
  ~Pipe() {
    for (int& end : ends_) close(end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_writer() { close(ends_[1]); }

 private:
  static void close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

/// In the child: a process group of its own, so that Ctrl-C reaches it once, through its parent.
[[noreturn]] void become(char* const* words, pid_t parent, int output, int errors) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const bool orphan = ::getppid() != parent;
  if (!orphan && ::dup2(output, STDOUT_FILENO) >= 0 && ::dup2(errors, STDERR_FILENO) >= 0)
    ::execv(words[0], words);
  ::_exit(127);
}

/// Appends what is there to read. False at the end of the file.
bool take(int reader, std::string& text) {
  std::array<char, 4096> chunk;
  const ssize_t got = ::read(reader, chunk.data(), chunk.size());
  if (got > 0) text.append(chunk.data(), static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && errno == EINTR);
}

std::string last_line_of(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  const std::size_t at = text.find_last_of("\n\r");
  return at == std::string::npos ? text : text.substr(at + 1);
}

}  // namespace

Ended run_process(const std::vector<std::string>& command) {
  Pipe output, errors;
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child < 0) throw RunError(fmt::format("{}: {}", command[0], std::strerror(errno)));
  if (child == 0) become(words.data(), parent, output.writer(), errors.writer());
  output.close_writer();
  errors.close_writer();

  Ended ended;
  std::string complaints;
  bool told = false;
  std::array<pollfd, 2> ends{pollfd{output.reader(), POLLIN, 0},
                             pollfd{errors.reader(), POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    constexpr int patience = 100;  // milliseconds between two looks for a signal
    ::poll(ends.data(), ends.size(), patience);
    if (!told && interrupted() != 0) told = ::kill(child, interrupted()) == 0;
    if (ends[0].revents != 0 && !take(ends[0].fd, ended.output)) ends[0].fd = -1;
    const std::size_t before = complaints.size();
    if (ends[1].revents != 0 && !take(ends[1].fd, complaints)) ends[1].fd = -1;
    std::fwrite(complaints.data() + before, 1, complaints.size() - before, stderr);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  ended.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  ended.last_line = last_line_of(complaints);
  return ended;
}

}  // namespace robmask::reproduce
