#pragma once
// Runs the binary that `make test` names in ROBMASK.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "engine/backend.h"
#include "tests/files/scratch.h"
#include "training/checkpoint.h"

namespace robmask {

class Binary : public testing::Test {
 protected:
  struct Result {
    int code;
    std::string output, errors;
  };

  void SetUp() override {
    const char* path = std::getenv("ROBMASK");
    if (path == nullptr || !std::ifstream(path)) GTEST_SKIP() << "ROBMASK names no binary";
    binary_ = path;
  }

  Result run(const std::string& arguments) const {
    return run_program(binary_, arguments + " --device cpu");
  }

  Result run_program(const Path& program, const std::string& arguments) const {
    const Path output = folder_ / "output", errors = folder_ / "errors";
    const std::string command = fmt::format("'{}' {} >'{}' 2>'{}'", program.string(), arguments,
                                            output.string(), errors.string());
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(output), text_of(errors)};
  }

  void expect_refused(const std::string& arguments, const std::string& words) const {
    const Result result = run(arguments);
    EXPECT_EQ(result.code, 2) << arguments << "\n" << result.errors;
    EXPECT_NE(result.errors.find(words), std::string::npos) << arguments << "\n" << result.errors;
    EXPECT_EQ(std::ranges::count(result.errors, '\n'), 1) << arguments << "\n" << result.errors;
  }

  /// A small model with fresh weights as a file.
  Path model_file(const std::string& name = "model.safetensors", Index classes = 10) const {
    const Path path = folder_ / name;
    CheckpointInfo info;
    info.spec.width = 4;
    info.spec.classes = classes;
    save_model(path, Model(backend("cpu"), DType::f32, info.spec, 0), info);
    return path;
  }

  /// As one word of a command.
  static std::string quoted(const Path& path) { return "'" + path.string() + "'"; }

  static std::string text_of(const Path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string binary_;
  test::ScratchFolder folder_;
};

}  // namespace robmask
