#include "engine/processes.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace robmask {

std::unique_ptr<Processes> make_mpi_processes();  // engine/mpi.cpp

namespace {

class Alone final : public Processes {
  std::vector<std::string> gather(const std::string& mine) override { return {mine}; }
  std::string broadcast(const std::string& text) override { return text; }
  int largest(int mine) override { return mine; }
  void send(int, const std::string&) override { expect(false, "a letter to nobody"); }
  std::optional<Letter> receive() override { return {}; }
  std::unique_ptr<Transfer> transfer(const std::vector<Message>& out,
                                     const std::vector<Message>& in, int) override {
    expect(out.empty() && in.empty(), "a message to nobody");
    struct Nothing final : Transfer {
      bool done() override { return true; }
      std::vector<int> missing() override { return {}; }
    };
    return std::make_unique<Nothing>();
  }
  std::string name() const override { return "none"; }
  void leave() override {}
  LastWords last_words(const std::string& line) override { return {line}; }
  void abort(int) override {}
};

/// Whether a launcher says that it started this process beside others: Open MPI's mpirun, MPICH's,
/// SLURM's srun.
bool launched_with_others() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"})
    if (const char* count = std::getenv(name); count != nullptr && std::atoi(count) > 1)
      return true;
  return false;
}

/// Numbers as a list in words: "3, 5 and 8".
std::string listed(const std::vector<int>& numbers) {
  if (numbers.size() == 1) return std::to_string(numbers[0]);
  return fmt::format("{} and {}", fmt::join(numbers.begin(), numbers.end() - 1, ", "),
                     numbers.back());
}

}  // namespace

bool wait_until(double seconds, const std::function<bool()>& ready) {
  using Clock = std::chrono::steady_clock;
  using std::chrono::microseconds;
  const auto start = Clock::now();
  microseconds pause{0};
  while (!ready()) {
    const auto waited = Clock::now() - start;
    if (std::chrono::duration<double>(waited).count() > seconds) return false;
    // A message between two machines takes some microseconds: those are not slept away.
    if (waited < microseconds{100}) continue;
    pause = std::min(pause + microseconds{20}, microseconds{500});
    std::this_thread::sleep_for(pause);
  }
  return true;
}

void Processes::wait(const std::function<bool()>& ready,
                     const std::function<std::vector<int>()>& missing) const {
  if (wait_until(patience_, ready)) return;
  std::vector<int> whom = missing ? missing() : std::vector<int>();
  std::ranges::sort(whom);
  whom.erase(std::unique(whom.begin(), whom.end()), whom.end());
  throw RunError(fmt::format(
      "{} not answered for {:g} seconds (`patience`): the network between the machines may be gone",
      whom.empty()       ? "another process has"
      : whom.size() == 1 ? fmt::format("process {} has", whom[0])
                         : fmt::format("processes {} have", listed(whom)),
      patience_));
}

void Processes::first_does(const std::function<void()>& work) {
  if (count_ == 1) return work();
  constexpr char done = 'd', refused = 'r', failed = 'f';
  std::string outcome(1, done);
  if (first()) try {
      work();
    } catch (const InputError& error) {
      outcome = refused + std::string(error.what());
    } catch (const std::exception& error) {
      outcome = failed + std::string(error.what());
    }
  outcome = broadcast(outcome);
  if (outcome[0] == refused) throw InputError(outcome.substr(1));
  if (outcome[0] == failed) throw RunError(outcome.substr(1));
}

Letter Processes::wait_for_letter() {
  std::optional<Letter> letter;
  wait([&] { return (letter = receive()).has_value(); });
  return *letter;
}

Processes& processes() {
  static const std::unique_ptr<Processes> all = [] {
    if (!launched_with_others()) return std::unique_ptr<Processes>(std::make_unique<Alone>());
    std::unique_ptr<Processes> several = make_mpi_processes();
    require(
        several->count() > 1,
        "a launcher started several processes of this program, and each hears of itself alone: "
        "each would do all of the work; is the launcher that of another MPI? this program's is {}",
        several->name());
    return several;
  }();
  return *all;
}

}  // namespace robmask
