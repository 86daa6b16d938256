#pragma once
// Deals the images of a stage to several processes. Process 0 has them all and gives whoever asks a
// few, fewer the fewer are left: a process whose images break soon attacks more of them, and all end
// at about the same time. Which process attacks an image changes nothing that is found.
//
// They write letters. Process 0 answers after each of its looks, and all the time once it has no
// images itself; who asks does so ahead, to wait for no look of process 0.
//
//   to process 0                             from process 0
//   ask: for so many images                  images: these; without any, none are left
//   found: what came of some                 over: something came of every image
//   signal: one asks to stop                 stop: all of you
//   left: after `stop`, the last letter
//   busy: still looking                      busy: still looking, or waiting for somebody
//
// `busy` is said a few times within the patience of those who wait.

#include <chrono>
#include <deque>
#include <functional>
#include <vector>

#include "engine/processes.h"
#include "engine/shape.h"

namespace robmask {

class Dealer {
 public:
  using Ids = std::vector<std::int32_t>;
  /// Whom it tells. In process 0 `found` hears what others found; `look` is called after looks and
  /// now and then while this process waits. Where it throws Interrupted, all processes do once they
  /// have told what they have found.
  struct Host {
    std::function<void(Index images, const std::string& what)> found;
    std::function<void()> look;
  };

  /// One for each stage; all processes make it with the same images. `batch`: how many of them go
  /// through the network at once at most.
  Dealer(Processes& processes, const Ids& images, Index batch, Host host);

  /// How many images this process should attack at once: a batch, or fewer, so that half of them are
  /// dealt later to who is faster.
  Index slots() const { return slots_; }
  /// Images for this process, which has so many yet to finish. Waits only if it has none, and gives
  /// none then only if none are left.
  Ids take(Index unfinished);
  /// This process found something out about so many of its images.
  void found(Index images, const std::string& what);
  /// After each look.
  void look();
  /// Nothing is left to do here: waits until all have found everything.
  void finish();
  /// In process 0: how many images each process has finished.
  const std::vector<Index>& finished() const { return finished_; }

 private:
  enum Kind : char;
  using Clock = std::chrono::steady_clock;

  Index share() const;
  Ids deal(int to, Index most);
  std::vector<int> missing() const;
  void write(int to, Kind kind, const std::string& text = {});
  void write_others(Kind kind, const std::string& text = {});
  void read(const Letter& letter);
  void wait();
  void notice_signals();
  void say_busy();
  void stop_if_asked();
  [[noreturn]] void leave(int signal);

  Processes& processes_;
  Host host_;
  Index slots_ = 1;
  Clock::time_point busy_said_ = Clock::now();
  int signal_ = 0;
  // Of process 0.
  std::deque<std::int32_t> undealt_;
  std::vector<Index> dealt_, finished_;  // by process
  std::vector<bool> told_;               // that none are left
  int left_ = 0;                         // processes, after `stop`
  // Of the others.
  Ids arrived_;
  bool asked_ = false, none_left_ = false, over_ = false;
};

}  // namespace robmask
