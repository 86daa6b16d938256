#include "engine/threads.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>

#include "engine/check.h"

namespace robmask {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

/// How long a thread that has nothing to do looks for work before it sleeps: about what waking it
/// costs. One that went on looking would take the core from whoever has work, its own program's
/// threads among them.
constexpr microseconds patience{50};
/// The longest that sleeping helpers are left alone because none came when they were last woken; a
/// loop that has lasted a sixteenth of the time that is in force wakes them all the same.
constexpr microseconds most_backoff{20000};
constexpr int late = 16;
/// For how many times as long as it waited in vain a caller goes without help, at most: on busy
/// cores that keeps what is lost below a sixtieth.
constexpr double most_penalty = 64;

/// The helpers of whoever runs a loop. Each thread has a share of the passes, a contiguous one, so
/// that from loop to loop it meets what lies in its core's cache; a thread that has finished its
/// own takes from the others'. Nobody waits for a helper that has not come: where the cores are
/// busy with other work, the caller alone gets through all passes. The door opens for whoever
/// looks; sleepers are woken less and less often as long as that is of no use.
class Crew {
 public:
  explicit Crew(int threads) : shares_(threads) {
    try {
      for (int thread = 1; thread < threads; ++thread)
        helpers_.emplace_back([this, thread] { help(thread); });
    } catch (const std::system_error&) {  // the system allows no more: those there are will do
    }
  }
  ~Crew() {
    leaving_ = true;
    open_door();
    door_.notify_all();
  }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void run(const Loop& loop) {
    const auto begin = Clock::now();
    if (begin < alone_until_) return loop.run(loop.body, 0, loop.count, 0);
    loop_ = loop;
    used_ = std::min<Index>(loop.count, std::ssize(shares_));
    grain_ = std::max<Index>(1, loop.count / used_ / pieces);
    for (Index i = 0; i < used_; ++i) {
      shares_[i].next.store(loop.count * i / used_, std::memory_order_relaxed);
      shares_[i].end = loop.count * (i + 1) / used_;
    }
    open_door();
    woken_ = false;
    wake_at_ =
        begin >= wake_after_ ? begin : begin + std::max<Clock::duration>(patience, backoff_ / late);
    wake_sleepers(begin);
    work(0);
    door_.fetch_and(~open);
    const auto done = Clock::now();
    wait_until(left_, [this](unsigned) { return door_.load() % open == 0; });
    learn(begin, done);
  }

 private:
  static constexpr Index pieces = 32;  // of a share: what is taken at once
  /// The door: how many helpers are inside, whether more may enter, and the number of the loop.
  static constexpr unsigned open = 2 * most_threads, next_loop = 2 * open;

  struct alignas(64) Share {
    std::atomic<Index> next = 0;
    Index end = 0;
  };

  void open_door() {
    door_.store((door_.load(std::memory_order_relaxed) / next_loop + 1) * next_loop + open);
  }

  /// Wakes the helpers that sleep, once in a loop, if it is time to.
  void wake_sleepers(Clock::time_point now) {
    if (woken_ || asleep_ == 0 || now < wake_at_) return;
    woken_ = true;
    door_.notify_all();
  }

  /// When help pays, from a loop that is over: from when to when did the caller work before it
  /// waited for its helpers?
  void learn(Clock::time_point begin, Clock::time_point done) {
    const auto now = Clock::now();
    const auto worked = done - begin, waited = now - done;
    const bool helped = helped_.exchange(0) > 0;
    if (helped && (!woken_ || worked > patience))
      backoff_ /= 2;
    else if (!helped && woken_)
      backoff_ = std::clamp<Clock::duration>(2 * backoff_, patience, most_backoff);
    if (woken_) wake_after_ = now + backoff_;
    if (waited > patience && waited > worked) {  // a helper lost its core in the middle of a piece
      alone_until_ = now + std::chrono::duration_cast<Clock::duration>(penalty_ * waited);
      penalty_ = std::min(4 * penalty_, most_penalty);
    } else if (helped) {
      penalty_ = std::max(1.0, penalty_ * (1 - 1 / most_penalty));
    }
  }

  /// Waits until holds(value), asleep if that takes long. Whoever changes it notifies.
  template <class Holds>
  unsigned wait_until(const std::atomic<unsigned>& value, Holds holds) {
    const auto give_up = Clock::now() + patience;
    unsigned now = value.load();
    for (; !holds(now); now = value.load())
      if (Clock::now() >= give_up) {
        ++asleep_;
        value.wait(now);
        --asleep_;
      }
    return now;
  }

  void help(int thread) {
    for (unsigned last = 0; !leaving_;) {
      unsigned door =
          wait_until(door_, [last](unsigned now) { return now / next_loop != last / next_loop; });
      while ((door & open) != 0 && !door_.compare_exchange_weak(door, door + 1)) continue;
      last = door;
      if ((door & open) == 0) continue;
      if (!leaving_) helped_ += work(thread);
      door_.fetch_sub(1);
      left_.fetch_add(1);
      left_.notify_one();
    }
  }

  /// Runs pieces until none is left; returns how many.
  int work(int thread) {
    int done = 0;
    for (Index i = 0; i < used_; ++i)
      while (run_piece(shares_[(thread + i) % used_], thread)) {
        ++done;
        if (thread == 0 && !woken_ && asleep_ > 0) wake_sleepers(Clock::now());
      }
    return done;
  }

  /// Takes a piece of a share and runs it; false if none is left.
  bool run_piece(Share& share, int thread) {
    const Index first = share.next.fetch_add(grain_, std::memory_order_relaxed);
    if (first >= share.end) return false;
    loop_.run(loop_.body, first, std::min(first + grain_, share.end), thread);
    return true;
  }

  Loop loop_{};
  Index used_ = 0, grain_ = 1;  // shares of this loop; passes that are taken at once
  std::deque<Share> shares_;
  std::atomic<unsigned> door_ = 0, left_ = 0;   // left_ changes whenever a helper leaves
  std::atomic<int> helped_ = 0;                 // pieces that helpers ran in this loop
  std::atomic<int> asleep_ = 0;                 // who waits that way
  Clock::time_point alone_until_, wake_after_;  // until then no help is wanted; no sleeper is woken
  Clock::time_point wake_at_;                   // in this loop
  bool woken_ = false;                          // are they, in this loop?
  Clock::duration backoff_{0};                  // to wake sleepers
  double penalty_ = 1;                          // grows with each vain wait, and fades with help
  std::atomic<bool> leaving_ = false;
  std::deque<std::jthread> helpers_;
};

int cores() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0
             ? CPU_COUNT(&set)
             : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

std::atomic<int> threads = 0;  // 0: not set yet
std::mutex in_use;             // is the crew
/// Never destroyed: at the program's end a helper may still look at it.
auto& crew = *new std::unique_ptr<Crew>;

}  // namespace

int default_thread_count() {
  const char* text = std::getenv("OMP_NUM_THREADS");
  if (text == nullptr || *text == '\0') return std::min(cores(), most_threads);
  std::string_view first = text;
  first = first.substr(0, first.find(','));  // OpenMP: the others are for loops inside of loops
  int count = 0;
  const auto [end, error] = std::from_chars(first.begin(), first.end(), count);
  require(error == std::errc() && end == first.end() && 1 <= count && count <= most_threads,
          "OMP_NUM_THREADS: expected a whole number from 1 to {}, got \"{}\"", most_threads, text);
  return count;
}

int thread_count() {
  if (threads == 0) threads = default_thread_count();
  return threads;
}

void set_thread_count(int count) {
  expect(1 <= count && count <= most_threads, "{} threads", count);
  if (count == threads) return;
  crew.reset();
  threads = count;
}

void run_on_all_threads(const Loop& loop) {
  const std::unique_lock lock(in_use, std::try_to_lock);
  if (loop.count < 2 || thread_count() == 1 || !lock) return loop.run(loop.body, 0, loop.count, 0);
  if (!crew) crew = std::make_unique<Crew>(threads);
  crew->run(loop);
}

}  // namespace robmask
