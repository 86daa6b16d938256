#pragma once
// What completes a command line in a shell: commands, the options of each, and the values of
// options that are words or paths. Made from the tables that parse it.

#include <string>

namespace robmask {

/// For bash 4 or newer, to be sourced; needs nothing of the package bash-completion.
std::string bash_completion();

/// For zsh: a file named _robmask in a folder of $fpath, or to be sourced after compinit.
std::string zsh_completion();

}  // namespace robmask
