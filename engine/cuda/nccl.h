#pragma once
// NCCL, which carries memory from one process's GPU to another's, within a machine and between
// machines. It is looked for when the program runs, so the binary starts where it is missing.

#include "engine/cuda/gpu.h"
#include "engine/link.h"

namespace robmask::cuda {

/// The functions of NCCL that are used, as its C interface has them; its enumerations are ints.
struct NcclLibrary {
  using Handle = struct ncclComm*;
  struct Id {
    char bytes[128];
  };

  int (*version)(int*);  // 22105 is 2.21.5
  const char* (*words_for)(int status);
  int (*make_id)(Id*);
  int (*join)(Handle*, int count, Id, int rank);  // waits for the others
  int (*leave)(Handle);
  int (*abort)(Handle);               // ends what waits for others on the GPU, too
  int (*state)(Handle, int* status);  // of what was given to the GPU
  /// What is sent and received between these two travels at once.
  int (*begin_group)();
  int (*end_group)();
  int (*send)(const void*, std::size_t count, int type, int rank, Handle, gpu::Stream);
  int (*receive)(void*, std::size_t count, int type, int rank, Handle, gpu::Stream);
};

/// The library of this machine, opened once; nullptr where there is none. In nccl_library.cu, or the
/// emulator's.
const NcclLibrary* nccl_library();

/// The GPUs of all processes, one each. Memory travels on a stream of its own, beside the kernels.
class Nccl {
 public:
  /// Collective. Of the GPU of that number, whose kernels go to that stream. Throws in all processes
  /// alike: Unavailable where one has no NCCL, InputError if two mean one GPU.
  Nccl(Processes& processes, int device, gpu::Stream kernels);
  ~Nccl();
  Nccl(const Nccl&) = delete;
  Nccl& operator=(const Nccl&) = delete;

  /// After what the stream of the kernels was given before. Sends and receives between two processes
  /// meet in their order.
  void exchange(const std::vector<Parcel>& out, const std::vector<Parcel>& in);
  /// The kernels from here on come after all exchanges up to the mark.
  gpu::Event take_mark();
  void wait_for(gpu::Event mark) const { gpu::wait_for(kernels_, mark); }
  void give_mark(gpu::Event mark) { marks_.push_back(mark); }
  /// Returns when the GPU has done what it was given. RunError if another process is gone, or does
  /// not come within the processes' patience.
  void settle();

 private:
  void check(int status) const;

  const NcclLibrary* library_;
  Processes& processes_;
  gpu::Stream kernels_, stream_ = nullptr;
  gpu::Event given_ = nullptr;     // to the kernels' stream
  std::vector<gpu::Event> marks_;  // that nobody has
  NcclLibrary::Handle handle_ = nullptr;
};

/// Transfers by NCCL, which a recorded iteration records, too.
class NcclLink final : public Link {
 public:
  explicit NcclLink(std::shared_ptr<Nccl> nccl) : nccl_(std::move(nccl)) {}
  std::unique_ptr<Transfer> transfer(const std::vector<Parcel>& out, const std::vector<Parcel>& in,
                                     int tag) override;
  bool in_order() const override { return true; }
  void settle() override { nccl_->settle(); }

 private:
  std::shared_ptr<Nccl> nccl_;
};

}  // namespace robmask::cuda
