// Checks the rungs of a ladder.

#include "tools/ladder/ladder.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>

#include "tools/ladder/times.h"

namespace robmask::ladder {

namespace {

std::vector<double> read(const Result& result) {
  return std::visit([](auto s) { return std::vector<double>(s.begin(), s.end()); }, result);
}

/// So that a rung that writes nothing, or not everything, is found.
void forget(const Result& result) {
  std::visit([](auto s) { std::ranges::fill(s, std::numeric_limits<double>::quiet_NaN()); },
             result);
}

/// |y − expected|₂ / |expected|₂
double error(const std::vector<double>& y, const std::vector<double>& expected) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    difference += (y[i] - expected[i]) * (y[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  return std::sqrt(difference / size);
}

/// Whether all rungs compute the same; says on stderr which do not. Beside a first one that is not
/// a number nothing can be said of the others.
bool report_errors(const Ladder& ladder, const std::vector<double>& errors) {
  bool right = true;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (errors[i] <= ladder.tolerance) continue;
    right = false;
    const std::string name =
        fmt::format("{}: rung {}, {},", ladder.title, i + 1, ladder.rungs[i].name);
    if (std::isnan(errors[i]))
      std::cerr << name << " leaves some of the result unwritten, or not a number\n";
    else
      std::cerr << fmt::format(
          "{} differs from the first one by {:.0e}; at most {:.0e} is expected\n", name, errors[i],
          ladder.tolerance);
    if (i == 0) break;
  }
  return right;
}

}  // namespace

std::optional<std::vector<double>> errors_of(const Ladder& ladder) {
  std::vector<double> expected, errors;
  for (const Rung& rung : ladder.rungs) {
    forget(ladder.result);
    rung.run();
    const std::vector<double> y = read(ladder.result);
    if (expected.empty()) expected = y;
    errors.push_back(error(y, expected));
  }
  if (!report_errors(ladder, errors)) return std::nullopt;
  return errors;
}

int climb(int argc, char** argv, const std::vector<Ladder>& ladders) {
  CLI::App app("Computes the same by one program after another, and times them.");
  bool check = false;
  int rounds = 7;
  app.add_flag("--check", check, "only whether all rungs compute the same");
  app.add_option("--rounds", rounds, "how often each is timed")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  bool right = true;
  for (const Ladder& ladder : ladders) {
    const auto errors = errors_of(ladder);
    right = right && errors;
    if (!errors) continue;
    if (check)
      std::cout << fmt::format("{}: {} rungs compute the same\n", ladder.title, errors->size());
    else
      print_times(ladder, measure(ladder, rounds), *errors);
  }
  return right ? 0 : 1;
}

std::vector<float> numbers(std::size_t count, unsigned seed) {
  std::vector<float> values(count);
  std::uint32_t state = seed * 2654435761u + 1;
  for (float& v : values) {
    state = state * 1664525u + 1013904223u;  // Knuth's linear congruences
    v = static_cast<float>(state >> 8) / (1 << 23) - 1;
  }
  return values;
}

}  // namespace robmask::ladder
