#include "data/files/gnuplot.h"

#include "data/files/input_file.h"
#include "data/files/process.h"
#include "engine/check.h"

namespace robmask {

GnuplotResult run_gnuplot(std::string_view script) {
  try {
    // -d: no start-up file of the user changes the picture.
    const Ended ended = run_process({"gnuplot", "-d"}, script);
    if (ended.code == 127)
      return {"", "gnuplot is not installed (Debian: apt install gnuplot-nox)"};
    if (ended.code != 0) return {"", printable(ended.errors)};
    return {ended.output, ""};
  } catch (const RunError& error) {
    return {"", error.what()};
  }
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
