#pragma once
// A ladder: the same result computed by one program after another, each with one idea more than the
// one before. docs/ladders.md has the tables.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace robmask::ladder {

/// One step up.
struct Rung {
  std::string name;
  std::function<void()> run;  // computes the result anew
};

/// What a run has written: of all rungs at the same place.
using Result = std::variant<std::span<float>, std::span<double>>;

enum class Clock {
  thread,  // CPU time of the calling thread, which others on this machine disturb little
  wall     // for work that is done elsewhere
};

/// The fastest that this machine does such work, measured in the same rounds as the rungs.
struct Peak {
  std::function<void()> run;
  double work;  // of a run
};

struct Ladder {
  std::string title;
  std::string unit;  // of work a second: "GFLOP/s"
  double work;       // of one run, by the formula, also of rungs that need less
  Peak peak;
  std::vector<Rung> rungs;
  Result result;
  double tolerance;  // of the error beside the first rung: |y − y₁|₂ / |y₁|₂
  Clock clock = Clock::thread;
};

/// The program of these ladders: checks every rung against the first one, times them in rounds, one
/// rung after the other, and prints tables in Markdown. `--check` leaves the times out. Returns the
/// exit code: 1 where a rung is wrong, 2 for options that are.
int climb(int argc, char** argv, const std::vector<Ladder>& ladders);

/// The error of every rung beside the first one; nothing if one is too large, after saying on stderr
/// which.
std::optional<std::vector<double>> errors_of(const Ladder& ladder);
/// Rows of cells as a table in Markdown, which is also one in a terminal. The first row has the
/// names; the second column is text, the others are numbers.
std::string table(const std::vector<std::vector<std::string>>& rows);

/// Multiply-adds of vectors in registers, on one thread; and reading one long array while another
/// one is written.
Peak multiply_adds();
Peak copied_bytes();

/// `count` numbers in [−1, 1), the same ones for the same seed.
std::vector<float> numbers(std::size_t count, unsigned seed);

}  // namespace robmask::ladder
