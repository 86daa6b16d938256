#pragma once
// Runs the binary several times at once, started by mpirun.

#include "tests/commands/binary.h"

namespace robmask {

/// "mpirun …" with what tests need: more processes than there are cores, everything may belong to
/// root, and two minutes are enough. Empty where there is none.
inline std::string mpirun_words() {
  if (std::system("mpirun --version >/dev/null 2>&1") != 0) return "";
  return "env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "
         "mpirun --oversubscribe -q --timeout 120";
}

/// Tests of a fixture that start several processes.
template <class Fixture>
class WithMpirun : public Fixture {
 protected:
  void SetUp() override {
    Fixture::SetUp();
    mpirun_ = mpirun_words();
    if (mpirun_.empty()) GTEST_SKIP() << "no mpirun here";
  }

  std::string mpirun_;
};

class SeveralProcesses : public WithMpirun<Binary> {
 protected:
  /// "-n 2 robmask train …", without what mpirun itself says of processes that fail.
  std::string command(int count, const std::string& arguments) const {
    return fmt::format("-n {} '{}' {} --device cpu", count, binary_, arguments);
  }
  /// The same of arguments that differ: a process each.
  std::string commands(const std::vector<std::string>& arguments) const {
    std::string all;
    for (const std::string& a : arguments) all += (all.empty() ? "" : " : ") + command(1, a);
    return all;
  }
  Result mpirun(const std::string& commands) const {
    return run_program("env", mpirun_.substr(4) + " " + commands);
  }

  /// Of what was said on standard error, the lines that are robmask's.
  static std::vector<std::string> own_lines(const Result& result) {
    std::vector<std::string> lines;
    std::istringstream text(result.errors);
    for (std::string line; std::getline(text, line);)
      if (line.starts_with("robmask: ")) lines.push_back(line.substr(9));
    return lines;
  }
};

}  // namespace robmask
