#include "data/files/gnuplot.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "data/files/input_file.h"

namespace robmask {
namespace {

/// A nameless temporary file. Files instead of pipes: neither side can wait for the other.
struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using Scratch = std::unique_ptr<std::FILE, Closer>;

std::string read_back(std::FILE* file) {
  std::string text;
  char chunk[4096];
  std::rewind(file);
  while (const auto got = std::fread(chunk, 1, sizeof chunk, file)) text.append(chunk, got);
  return text;
}

/// Starts gnuplot on three open files and waits; returns 0 or an error number, and its status.
int run(std::FILE* input, std::FILE* output, std::FILE* errors, int& status) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, ::fileno(input), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, ::fileno(output), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, ::fileno(errors), STDERR_FILENO);
  // -d: no start-up file of the user changes the picture.
  char program[] = "gnuplot", defaults[] = "-d";
  char* const arguments[] = {program, defaults, nullptr};
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, program, &files, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  if (error) return error;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

}  // namespace

GnuplotResult run_gnuplot(std::string_view script) {
  const Scratch input(std::tmpfile()), output(std::tmpfile()), errors(std::tmpfile());
  if (!input || !output || !errors) return {"", "no room for temporary files"};
  std::fwrite(script.data(), 1, script.size(), input.get());
  if (std::fflush(input.get()) != 0) return {"", "no room for temporary files"};
  std::rewind(input.get());

  int status = 0;
  const int error = run(input.get(), output.get(), errors.get(), status);
  if (error == ENOENT) return {"", "gnuplot is not installed (Debian: apt install gnuplot-nox)"};
  if (error) return {"", std::strerror(error)};
  if (status != 0) return {"", printable(read_back(errors.get()))};
  return {read_back(output.get()), ""};
}

std::string gnuplot_quoted(std::string_view text) {
  std::string result = "'";
  for (const char character : text) {
    const bool control = static_cast<unsigned char>(character) < ' ';
    result += control ? ' ' : character;
    if (character == '\'') result += '\'';
  }
  return result + "'";
}

}  // namespace robmask
