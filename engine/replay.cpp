#include "engine/replay.h"

#include "engine/backend.h"

namespace robmask {

namespace {

/// Puts a pool in place of the machine's own for a while.
class BorrowedPool {
 public:
  BorrowedPool(Backend& machine, std::shared_ptr<Pool> pool)
      : machine_(machine), own_(machine.pool()) {
    machine.use_pool(std::move(pool));
  }
  ~BorrowedPool() { machine_.use_pool(std::move(own_)); }
  BorrowedPool(const BorrowedPool&) = delete;
  BorrowedPool& operator=(const BorrowedPool&) = delete;

 private:
  Backend& machine_;
  std::shared_ptr<Pool> own_;
};

}  // namespace

Replay::Replay(Backend& machine, std::function<void()> body, bool replay)
    : machine_(machine),
      body_(std::move(body)),
      recording_(replay ? machine.make_recording() : nullptr) {
  if (recording_) pool_ = std::make_shared<Pool>(machine);
}

Replay::~Replay() {
  recording_.reset();
  if (pool_) pool_->trim();  // gradients outlive this and keep the pool
}

void Replay::operator()(bool may_record) {
  if (!recording_) return body_();
  if (next_ == Next::record && !may_record) next_ = Next::run;
  switch (next_) {
    case Next::run: {
      const BorrowedPool own(machine_, pool_);
      const std::size_t held = pool_->held();
      body_();
      if (pool_->held() == held) next_ = Next::record;
      return;
    }
    case Next::record: {
      const BorrowedPool own(machine_, pool_);
      recording_->record(body_);
      next_ = Next::play;
      break;
    }
    case Next::play: break;
  }
  recording_->play();
}

}  // namespace robmask
