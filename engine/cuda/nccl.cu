#include "engine/cuda/nccl.h"

#include <algorithm>
#include <fstream>
#include <typeinfo>

namespace robmask::cuda {

namespace {

constexpr int bytes_of_any_type = 0;  // as nccl.h numbers them: ncclInt8

/// "2.21.5"; "" without NCCL.
std::string version_of(const NcclLibrary* library) {
  int number = 0;
  if (library == nullptr || library->version(&number) != 0) return "";
  return fmt::format("{}.{}.{}", number / 10000, number % 10000 / 100, number % 100);
}

/// Another one for each machine and each time it was started.
std::string this_machine() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
  return id;
}

void require_same_nccl(const std::vector<std::string>& versions) {
  for (std::size_t p = 0; p < versions.size(); ++p)
    if (versions[p].empty())
      throw Unavailable(fmt::format(
          "process {}: GPUs of several processes work together over NCCL, and there is no "
          "libnccl.so.2 here: install libnccl2, or nvidia-nccl-cu12 by pip and name its folder "
          "lib in LD_LIBRARY_PATH; or use `device` cpu",
          p));
  for (std::size_t p = 1; p < versions.size(); ++p)
    require(versions[p] == versions[0],
            "process {} has NCCL {}, process 0 has {}: expected the same version everywhere", p,
            versions[p], versions[0]);
}

void require_own_gpus(const std::vector<std::string>& gpus) {
  for (std::ptrdiff_t p = 1; p < std::ssize(gpus); ++p) {
    const auto other = std::ranges::find(gpus, gpus[p]) - gpus.begin();
    require(other == p,
            "processes {} and {} are on the same GPU: expected one for each process; start as many "
            "on a machine as it has GPUs, with `device` cuda",
            other, p);
  }
}

class NcclTransfer final : public Transfer {
 public:
  explicit NcclTransfer(std::shared_ptr<Nccl> nccl)
      : nccl_(std::move(nccl)), mark_(nccl_->take_mark()) {}
  ~NcclTransfer() override { nccl_->give_mark(mark_); }
  NcclTransfer(const NcclTransfer&) = delete;
  NcclTransfer& operator=(const NcclTransfer&) = delete;

  bool done() override {
    if (!std::exchange(awaited_, true)) nccl_->wait_for(mark_);
    return true;
  }
  std::vector<int> missing() override { return {}; }

 private:
  std::shared_ptr<Nccl> nccl_;
  gpu::Event mark_;
  bool awaited_ = false;
};

}  // namespace

Nccl::Nccl(Processes& processes, int device, gpu::Stream kernels)
    : library_(nccl_library()), processes_(processes), kernels_(kernels) {
  require_same_nccl(processes.gather(version_of(library_)));
  require_own_gpus(processes.gather(this_machine() + gpu::place_of(device)));
  NcclLibrary::Id id{};
  if (processes.first()) check(library_->make_id(&id));
  const std::string text = processes.broadcast(std::string(id.bytes, sizeof id.bytes));
  std::ranges::copy(text, id.bytes);
  check(library_->join(&handle_, processes.count(), id, processes.rank()));
  stream_ = gpu::make_stream();
  given_ = gpu::make_event();
}

Nccl::~Nccl() {
  if (handle_ != nullptr) library_->leave(handle_);
  for (const gpu::Event mark : marks_) gpu::destroy_event(mark);
  if (given_ != nullptr) gpu::destroy_event(given_);
  if (stream_ != nullptr) gpu::destroy_stream(stream_);
}

void Nccl::check(int status) const {
  if (status != 0)
    throw RunError(fmt::format("NCCL: {}; NCCL_DEBUG=WARN in the environment tells more",
                               library_->words_for(status)));
}

void Nccl::exchange(const std::vector<Parcel>& out, const std::vector<Parcel>& in) {
  gpu::mark(kernels_, given_);
  gpu::wait_for(stream_, given_);
  const auto bytes = [](const Parcel& p) {
    expect(p.tensor.contiguous(), "a parcel of rows apart");
    return p.tensor.shape().count() * size_of(p.tensor.dtype());
  };
  check(library_->begin_group());
  for (const Parcel& p : out)
    check(
        library_->send(p.tensor.bytes(), bytes(p), bytes_of_any_type, p.process, handle_, stream_));
  for (const Parcel& p : in)
    check(library_->receive(p.tensor.bytes(), bytes(p), bytes_of_any_type, p.process, handle_,
                            stream_));
  check(library_->end_group());
  gpu::started(stream_, typeid(Nccl).name());
}

gpu::Event Nccl::take_mark() {
  if (marks_.empty()) marks_.push_back(gpu::make_event());
  const gpu::Event mark = marks_.back();
  marks_.pop_back();
  gpu::mark(stream_, mark);
  return mark;
}

void Nccl::settle() {
  try {
    processes_.wait([this] {
      const bool idle = gpu::idle(kernels_);
      int status = 0;
      check(library_->state(handle_, &status));
      check(status);
      return idle;
    });
  } catch (...) {
    // Else whoever gives memory back would wait for the GPU, and that for the other process.
    library_->abort(std::exchange(handle_, nullptr));
    throw;
  }
}

std::unique_ptr<Transfer> NcclLink::transfer(const std::vector<Parcel>& out,
                                             const std::vector<Parcel>& in, int) {
  nccl_->exchange(out, in);
  return std::make_unique<NcclTransfer>(nccl_);
}

}  // namespace robmask::cuda
