// Checks the rungs of a ladder, times them and prints a table.

#include "tools/ladder/ladder.h"

#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>

#include <fmt/format.h>

namespace robmask::ladder {

namespace {

double now(Clock clock) {
  timespec t;
  clock_gettime(clock == Clock::thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Seconds of a run, over so many runs that `least` seconds pass.
double seconds(const std::function<void()>& run, Clock clock, double least) {
  const double begin = now(clock);
  double passed = 0;
  int runs = 0;
  do {
    run();
    ++runs;
    passed = now(clock) - begin;
  } while (passed < least);
  return passed / runs;
}

std::vector<double> read(const Result& result) {
  return std::visit([](auto s) { return std::vector<double>(s.begin(), s.end()); }, result);
}

/// So that a rung that writes nothing, or not all, is found.
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

/// The middle of some measurements, and their least and largest.
struct Spread {
  double low, middle, high;

  explicit Spread(std::vector<double> values) {
    std::ranges::sort(values);
    low = values.front(), middle = values[values.size() / 2], high = values.back();
  }
};

std::vector<double> quotients(const std::vector<double>& a, const std::vector<double>& b,
                              double factor = 1) {
  std::vector<double> q;
  for (std::size_t i = 0; i < a.size(); ++i) q.push_back(factor * a[i] / b[i]);
  return q;
}

/// Errors of all rungs; throws away none of them for the first's own sake.
std::vector<double> errors_of(const Ladder& ladder) {
  std::vector<double> expected, errors;
  for (const Rung& rung : ladder.rungs) {
    forget(ladder.result);
    rung.run();
    const std::vector<double> y = read(ladder.result);
    if (expected.empty()) expected = y;
    errors.push_back(error(y, expected));
  }
  return errors;
}

void print_times(const Ladder& ladder, const std::vector<double>& errors, int rounds) {
  const std::size_t count = ladder.rungs.size();
  std::vector<std::vector<double>> times(count);
  std::vector<double> peak;
  for (int round = 0; round < rounds; ++round) {
    peak.push_back(seconds(ladder.peak.run, ladder.clock, 0.05) / ladder.peak.work);
    for (std::size_t i = 0; i < count; ++i)
      times[i].push_back(seconds(ladder.rungs[i].run, ladder.clock, 0.05));
  }
  std::cout << fmt::format("| | {} | ms | {} | of the peak | × the one before | error |\n",
                           ladder.title, ladder.unit)
            << "| --: | --- | --: | --: | --: | --- | --: |\n";
  for (std::size_t i = 0; i < count; ++i) {
    const Spread ms(quotients(times[i], std::vector<double>(times[i].size(), 1e-3)));
    const Spread share(quotients(peak, times[i], 100 * ladder.work));
    std::string gain = "";
    if (i > 0) {
      const Spread times_faster(quotients(times[i - 1], times[i]));
      gain = fmt::format("{:.2f} ({:.2f}–{:.2f})", times_faster.middle, times_faster.low,
                         times_faster.high);
    }
    std::cout << fmt::format("| {} | {} | {:.3g} | {:.3g} | {:.2g} % | {} | {} |\n", i + 1,
                             ladder.rungs[i].name, ms.middle, ladder.work / ms.middle * 1e3,
                             share.middle, gain, i > 0 ? fmt::format("{:.0e}", errors[i]) : "");
  }
  const Spread fastest(quotients(std::vector<double>(peak.size(), 1), peak));
  std::cout << fmt::format(
      "\nThe peak of this machine: {:.3g} {} ({:.3g}–{:.3g}). {} rounds; the middle one, and the "
      "least and largest.\n\n",
      fastest.middle, ladder.unit, fastest.low, fastest.high, rounds);
}

}  // namespace

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
    const std::vector<double> errors = errors_of(ladder);
    for (std::size_t i = 0; i < errors.size(); ++i) {
      const Rung& rung = ladder.rungs[i];
      if (errors[i] <= ladder.tolerance) continue;
      right = false;
      std::cerr << fmt::format("{}: {} differs from {} by {:.0e}, more than {:.0e}\n", ladder.title,
                               rung.name, ladder.rungs[0].name, errors[i], ladder.tolerance);
    }
    if (check)
      std::cout << fmt::format("{}: {} rungs compute the same\n", ladder.title, errors.size());
    else
      print_times(ladder, errors, rounds);
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
