// The threads that share a loop: every pass once, whoever comes; nobody waits for who does not.

#include "engine/threads.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include "engine/check.h"

namespace robmask {
namespace {

/// Each test begins and ends with as many threads as there were.
class Threads : public testing::Test {
 protected:
  ~Threads() override { set_thread_count(before_); }

 private:
  int before_ = thread_count();
};

TEST_F(Threads, TogetherMakeEveryPassOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    set_thread_count(threads);
    for (const Index count : {0, 1, 2, 3, 7, 8, 63, 1000, 4096, 100'003}) {
      std::vector<int> passes(static_cast<std::size_t>(count));
      parallel_for(count, [&](Index i) { ++passes[static_cast<std::size_t>(i)]; });
      EXPECT_EQ(std::ranges::count(passes, 1), count) << threads << " threads";
    }
  }
}

TEST_F(Threads, AreToldApartWhileTheyWork) {
  set_thread_count(4);
  std::vector<std::atomic<int>> at_work(4);
  std::atomic<bool> collided = false;
  for (int loop = 0; loop < 500; ++loop)
    parallel_for(64, [&](Index, int thread) {
      if (at_work[static_cast<std::size_t>(thread)]++ != 0) collided = true;
      at_work[static_cast<std::size_t>(thread)]--;
    });
  EXPECT_FALSE(collided);
}

TEST_F(Threads, ThatSleepAreWokenByALoopThatLasts) {
  set_thread_count(2);
  for (int loop = 0; loop < 200; ++loop) {  // too short for anybody who sleeps
    parallel_for(2, [](Index) {});
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  std::atomic<bool> helped = false;
  parallel_for(4000, [&](Index, int thread) {  // of a millisecond each, until somebody comes
    if (thread != 0) helped = true;
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
    while (!helped && std::chrono::steady_clock::now() < end) continue;
  });
  EXPECT_TRUE(helped);
}

TEST_F(Threads, SeeWhatTheLoopBeforeWrote) {
  set_thread_count(3);
  std::vector<Index> values(1000, 0), sums(1000);
  for (Index loop = 1; loop <= 2000; ++loop) {
    parallel_for(1000, [&](Index i) { values[i] += loop; });
    parallel_for(1000, [&](Index i) { sums[i] = values[i] + values[999 - i]; });
    ASSERT_EQ(std::accumulate(sums.begin(), sums.end(), Index{0}), 1000 * loop * (loop + 1));
  }
}

TEST_F(Threads, AllTakePart) {
  set_thread_count(3);
  std::set<int> seen;
  std::mutex guard;
  std::atomic<int> arrived = 0;  // the three passes wait for each other
  parallel_for(3, [&](Index, int thread) {
    ++arrived;
    while (arrived < 3) std::this_thread::yield();
    const std::lock_guard lock(guard);
    seen.insert(thread);
  });
  EXPECT_EQ(seen, (std::set{0, 1, 2}));
}

TEST_F(Threads, OfALoopInsideOfAnotherAreOne) {
  set_thread_count(4);
  std::atomic<Index> passes = 0, others = 0;
  parallel_for(4, [&](Index) {
    parallel_for(100, [&](Index, int thread) {
      ++passes;
      others += thread != 0;
    });
  });
  EXPECT_EQ(passes, 400);
  EXPECT_EQ(others, 0);
}

TEST_F(Threads, MayRunLoopsBesideEachOther) {
  set_thread_count(3);
  std::atomic<Index> passes = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int loop = 0; loop < 300; ++loop) parallel_for(50, [&](Index) { ++passes; });
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(passes, 4 * 300 * 50);
}

/// Seconds of processor time that this process has used.
double processor_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

TEST_F(Threads, SleepWhileThereIsNothingToDo) {
  set_thread_count(8);
  parallel_for(8, [](Index) {});
  const double before = processor_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(processor_seconds() - before, 0.05);  // spinning they would use 0.2 and more
}

/// Loops that are over before a sleeper can come must not turn the caller away from help for good,
/// even where the loops after them, of some 100 µs, are not long either.
TEST_F(Threads, ShareShortLoopsAfterLoopsTooShortToShare) {
  using namespace std::chrono;
  using Clock = steady_clock;
  set_thread_count(2);
  for (int i = 0; i < 100; ++i) {
    std::this_thread::sleep_for(microseconds(200));
    parallel_for(2, [](Index) {});
  }
  std::atomic<int> helped = 0;
  for (const auto end = Clock::now() + seconds(10); helped == 0 && Clock::now() < end;)
    parallel_for(50, [&](Index, int thread) {
      helped += thread;
      for (const auto done = Clock::now() + microseconds(2); Clock::now() < done;) continue;
    });
  EXPECT_GT(helped, 0);
}

/// A child process has none of its parent's other threads.
TEST_F(Threads, AreNotWaitedForWhereTheyCannotCome) {
  set_thread_count(4);
  parallel_for(100, [](Index) {});
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> passes = 0;
    parallel_for(100, [&](Index) { ++passes; });
    _exit(passes == 100 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

/// What OMP_NUM_THREADS set to this gives; 0 for an error.
int count_with(const char* environment) {
  const char* const was = std::getenv("OMP_NUM_THREADS");
  const std::string kept = was == nullptr ? "" : was;
  setenv("OMP_NUM_THREADS", environment, 1);
  int count = 0;
  try {
    count = default_thread_count();
  } catch (const InputError&) {
  }
  was == nullptr ? unsetenv("OMP_NUM_THREADS") : setenv("OMP_NUM_THREADS", kept.c_str(), 1);
  return count;
}

TEST(ThreadCount, IsThatOfTheEnvironmentWithinTheBoundsOfTheFlag) {
  EXPECT_EQ(count_with("3"), 3);
  EXPECT_EQ(count_with("1024"), 1024);
  EXPECT_EQ(count_with("6,2"), 6);  // OpenMP: the second number is for loops inside of loops
  for (const char* wrong :
       {"0", "-1", "1025", "100000", "99999999999999999999", "two", "2x", "2.5"})
    EXPECT_EQ(count_with(wrong), 0) << wrong;
  EXPECT_GE(count_with(""), 1);
}

}  // namespace
}  // namespace robmask
