#pragma once
// Runs the gnuplot program.

#include <string>
#include <string_view>

namespace robmask {

struct GnuplotResult {
  std::string picture;    // what it drew; empty if it failed
  std::string complaint;  // why it failed, in one line
};

/// Feeds `script` to gnuplot and returns what it prints. Never throws for a program that is missing
/// or fails. The script must set a terminal and leave the output on stdout.
GnuplotResult run_gnuplot(std::string_view script);

/// `text` as a gnuplot string: in single quotes, where nothing is substituted or executed.
std::string gnuplot_quoted(std::string_view text);

}  // namespace robmask
