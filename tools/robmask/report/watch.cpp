#include "tools/robmask/report/watch.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "training/terminal.h"

namespace robmask {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Until the next look; a signal is answered soon.
void pause() {
  for (const auto end = Clock::now() + 2s; Clock::now() < end;) {
    stop_if_interrupted();
    std::this_thread::sleep_for(50ms);
  }
}

bool follow(std::vector<ShownRun>& runs) {
  return std::ranges::count_if(runs, [](ShownRun& run) { return run.follow(); }) > 0;
}

std::string words_of(const std::vector<ShownRun>& runs) {
  std::string words;
  for (const ShownRun& run : runs)
    if (!run.has_ended()) words += (words.empty() ? "" : "; ") + run.words();
  return words;
}

}  // namespace

void wait_for_weights(const std::vector<std::string>& runs) {
  for (const Path run : runs) {
    const auto waits = [&] {
      return std::filesystem::is_directory(run) &&
             !std::filesystem::exists(run / "model.safetensors");
    };
    if (waits())
      log("report: {}: waiting for its weights, which it writes after its first epoch",
          run.string());
    while (waits()) pause();
  }
}

void watch(std::vector<ShownRun>& runs, const std::function<void(ShownRun&)>& measure,
           const std::function<void(const std::string& words)>& write) {
  auto rested = Clock::now();
  bool promised = false;  // does the page say that it goes on?
  try {
    for (bool changed = true;; changed = follow(runs)) {
      const bool ended = std::ranges::all_of(runs, &ShownRun::has_ended);
      const bool measured = std::ranges::all_of(runs, &ShownRun::is_measured);
      if (!measured && (ended || Clock::now() >= rested)) {
        const auto start = Clock::now();
        for (ShownRun& run : runs)
          if (!run.is_measured()) measure(run);
        rested = Clock::now() + 9 * (Clock::now() - start);
        changed = true;
      }
      if (changed) write(ended ? "" : words_of(runs));
      promised = !ended;
      if (ended) return;
      pause();
    }
  } catch (...) {
    if (promised) write("");
    throw;
  }
}

}  // namespace robmask
