#pragma once
// The processes that share a piece of work, and what they tell each other. mpirun, srun or another
// launcher of MPI starts them; MPI carries the messages (engine/mpi.cpp). A process that nobody
// started beside others is alone.
//
// All of them call what is marked as collective, in the same order. What waits for another process
// gives up after patience() with a RunError that names whom it waited for: the network may be gone.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/check.h"

namespace robmask {

/// Memory that goes to another process, or that another one fills.
struct Message {
  int process = 0;
  std::byte* data = nullptr;
  std::size_t bytes = 0;
};

/// Messages under way. Their memory is theirs until done() says so.
class Transfer {
 public:
  virtual ~Transfer() = default;
  /// Moves messages on; true once all of them have come and gone. Never waits.
  virtual bool done() = 0;
  /// Of messages that have not: whom they wait for.
  virtual std::vector<int> missing() = 0;
};

/// What one process writes to another at any time.
struct Letter {
  int from = 0;
  std::string text;
};

/// What a process that fails has to say; and whether the others go on, so that it has to end them.
struct LastWords {
  std::string line;  // under its rank, if it fails alone; "": nothing
  bool alone = false;
};

/// Messages with memory, sent so far.
struct Traffic {
  std::size_t messages = 0, bytes = 0;
};

class Processes {
 public:
  virtual ~Processes() = default;

  /// This process is number `rank` of `count`; and among those of its machine.
  int rank() const { return rank_; }
  int count() const { return count_; }
  int local_rank() const { return local_rank_; }
  int local_count() const { return local_count_; }
  /// Process 0 writes files and speaks for all.
  bool first() const { return rank_ == 0; }

  /// Seconds that it waits for others.
  double patience() const { return patience_; }
  void set_patience(double seconds) { patience_ = seconds; }

  /// Collective: what each says, by rank; what the first one says; the largest number of all.
  virtual std::vector<std::string> gather(const std::string& mine) = 0;
  virtual std::string broadcast(const std::string& text) = 0;
  virtual int largest(int mine) = 0;
  /// Collective: process 0 does it, and the others wait. What it throws, they throw too: InputError as
  /// such, anything else as RunError.
  void first_does(const std::function<void()>& work);

  /// A letter is sent without waiting for its receiver; who asks gets the next one, if any has come.
  virtual void send(int to, const std::string& text) = 0;
  virtual std::optional<Letter> receive() = 0;
  /// Waits for the next letter.
  Letter wait_for_letter();

  /// Collective: begins to send `out` and to fill `in`. What one process sends to another is told
  /// apart by `tag`, and within one by order.
  virtual std::unique_ptr<Transfer> transfer(const std::vector<Message>& out,
                                             const std::vector<Message>& in, int tag) = 0;
  /// Until ready() says yes; `missing` are the processes it hangs on, empty if nobody knows.
  void wait(const std::function<bool()>& ready,
            const std::function<std::vector<int>()>& missing = {}) const;
  const Traffic& traffic() const { return traffic_; }

  /// What carries the messages: "Open MPI v4.1.4".
  virtual std::string name() const = 0;
  /// Collective: the end, after which nothing is said.
  virtual void leave() = 0;
  /// This process cannot go on and would say `line`. Where all fail within a moment, the first one
  /// speaks, for those that would say something else, too. Then leave() follows, once that is said: a
  /// launcher may kill all when one ends with an exit code.
  virtual LastWords last_words(const std::string& line) = 0;
  /// Ends all processes at once, with this exit code.
  virtual void abort(int code) = 0;

 protected:
  int rank_ = 0, count_ = 1, local_rank_ = 0, local_count_ = 1;
  Traffic traffic_;

 private:
  double patience_ = 600;
};

/// For what does work among several: null if this one is alone.
inline Processes* several(Processes& all) { return all.count() > 1 ? &all : nullptr; }

/// Asks `ready` again and again, at first without a pause, then with longer ones that leave the core
/// to who has work. False if it says no for so many seconds.
bool wait_until(double seconds, const std::function<bool()>& ready);

/// The processes that this one was started with. InputError where a launcher started several and
/// this build has no MPI.
Processes& processes();

}  // namespace robmask
