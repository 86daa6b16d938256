#pragma once
// Work that is done again and again with the same shapes: run once, recorded once, replayed
// thereafter (docs/replay.md).

#include <functional>
#include <memory>

namespace robmask {

class Backend;
class Pool;

/// What a machine recorded of some work, to do it again as a whole. Backend::make_recording makes
/// an empty one.
class Recording {
 public:
  virtual ~Recording() = default;
  /// Keeps, in order, what `work` gives to the machine, instead of doing it.
  virtual void record(const std::function<void()>& work) = 0;
  /// Does what was recorded.
  virtual void play() = 0;
};

/// An iteration. Its body allocates only through the machine's pool, reads nothing back to the
/// host, uploads nothing, and takes all that varies (batch, rate, counters, strengths) from tensors
/// that outlive it and are filled before the call. The first calls run the body, until one needs no
/// more memory than those before; the next records it and plays the recording, as does every later
/// one. The body's memory comes from a pool of its own, so that nothing else gets a block that the
/// recording will write to. A machine that has nothing to record (the CPU) runs the body each time,
/// as do all if `replay` is false.
class Replay {
 public:
  Replay(Backend& machine, std::function<void()> body, bool replay = true);
  ~Replay();
  /// Runs the body once more, instead of recording it, unless it `may_record`.
  void operator()(bool may_record = true);

  /// Whether it is going to be recorded some time; and whether the next call would do that.
  bool records() const { return recording_ != nullptr; }
  bool ready() const { return next_ == Next::record; }

 private:
  Backend& machine_;
  std::function<void()> body_;
  std::shared_ptr<Pool> pool_;            // null, like the recording, if bodies are run
  std::unique_ptr<Recording> recording_;  // goes before the memory it works on
  enum class Next { run, record, play } next_ = Next::run;
};

}  // namespace robmask
