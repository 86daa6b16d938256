// Times the rungs of a ladder, and prints a table.

#include "tools/ladder/times.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <iostream>
#include <string_view>

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

/// The median of some measurements, and their least and largest.
struct Spread {
  double low, middle, high;

  explicit Spread(std::vector<double> values) {
    std::ranges::sort(values);
    const std::size_t count = values.size();
    low = values.front(), high = values.back();
    middle = (values[(count - 1) / 2] + values[count / 2]) / 2;
  }
};

std::vector<double> quotients(const std::vector<double>& a, const std::vector<double>& b,
                              double factor = 1) {
  std::vector<double> q;
  for (std::size_t i = 0; i < a.size(); ++i) q.push_back(factor * a[i] / b[i]);
  return q;
}

/// Two digits or three, and no exponent.
std::string number(double value) {
  return fmt::format("{:.{}f}", value, value < 0.1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0);
}

/// "1.16 (1.03–1.24)"
std::string with_range(const Spread& s) {
  return fmt::format("{} ({}–{})", number(s.middle), number(s.low), number(s.high));
}

}  // namespace

std::string table(const std::vector<std::vector<std::string>>& rows) {
  const auto length = [](std::string_view s) {  // in characters, of which some have several bytes
    return std::ranges::count_if(s, [](char c) { return (c & 0xC0) != 0x80; });
  };
  std::vector<std::ptrdiff_t> width(rows[0].size(), 2);  // room for "-:"
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], length(row[i]));
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(width[i] - length(row[i]), ' ');
      text += "| " + (i == 1 ? row[i] + space : space + row[i]) + ' ';
    }
    text += "|\n";
    if (&row != &rows[0]) continue;
    for (std::size_t i = 0; i < row.size(); ++i)
      text += "| " + std::string(width[i] - 1, '-') + (i == 1 ? "- " : ": ");
    text += "|\n";
  }
  return text;
}

Times measure(const Ladder& ladder, int rounds) {
  constexpr double least = 0.05;
  Times times{{}, std::vector<std::vector<double>>(ladder.rungs.size())};
  for (int round = 0; round < rounds; ++round) {
    times.peak.push_back(seconds(ladder.peak.run, ladder.clock, least) / ladder.peak.work);
    for (std::size_t i = 0; i < ladder.rungs.size(); ++i)
      times.rungs[i].push_back(seconds(ladder.rungs[i].run, ladder.clock, least));
  }
  return times;
}

void print_times(const Ladder& ladder, const Times& times, const std::vector<double>& errors) {
  std::vector<std::vector<std::string>> rows{
      {"", ladder.title, "ms", ladder.unit, "% of peak", "× the one before", "error"}};
  bool above = false;
  for (std::size_t i = 0; i < ladder.rungs.size(); ++i) {
    const std::vector<double>& time = times.rungs[i];
    const double middle = Spread(time).middle;
    const double share = Spread(quotients(times.peak, time, 100 * ladder.work)).middle;
    above = above || share > 100;
    rows.push_back({std::to_string(i + 1), ladder.rungs[i].name, number(1e3 * middle),
                    number(ladder.work / middle), number(share),
                    i > 0 ? with_range(Spread(quotients(times.rungs[i - 1], time))) : "",
                    i > 0 ? fmt::format("{:.1g}", errors[i]) : ""});
  }
  std::cout << table(rows);
  const Spread peak(quotients(std::vector<double>(times.peak.size(), 1), times.peak));
  std::cout << fmt::format(
      "\nMedians of {} rounds, in brackets the least and the largest. Peak of this machine: {} {}.",
      times.peak.size(), with_range(peak), ladder.unit);
  if (above)
    std::cout << " The work is that of the formula, for every rung: one above 100 % needs less.";
  std::cout << "\n\n";
}

}  // namespace robmask::ladder
