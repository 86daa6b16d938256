#pragma once
// The way between the memory of this process's machine and that of the other processes' machines.

#include "engine/processes.h"
#include "engine/tensor.h"

namespace robmask {

/// A contiguous tensor that goes to another process, or that another one fills.
struct Parcel {
  int process = 0;
  Tensor tensor;
};

class Link {
 public:
  virtual ~Link() = default;
  /// Processes::transfer() with a machine's memory, after all that the machine was given before. What
  /// it is given once done() says so finds `in` filled, and may write to `out`.
  virtual std::unique_ptr<Transfer> transfer(const std::vector<Parcel>& out,
                                             const std::vector<Parcel>& in, int tag) = 0;
  /// Of a machine that works through a list, some time after it was given: done() says yes at once and
  /// has the machine wait for the transfer, so it is asked as late as can be. Transfers happen in the
  /// order of these calls, whatever their tags, and any two processes make those between them in the
  /// same order.
  virtual bool in_order() const { return false; }
  /// Waits for what is under way. RunError if that takes longer than the processes' patience.
  virtual void settle() {}
};

/// Of a machine whose memory the host reads and writes.
class HostLink final : public Link {
 public:
  explicit HostLink(Processes& processes) : processes_(processes) {}
  std::unique_ptr<Transfer> transfer(const std::vector<Parcel>& out, const std::vector<Parcel>& in,
                                     int tag) override;

 private:
  Processes& processes_;
};

}  // namespace robmask
